-- An erased id, and the latest moment at which it was erased.
SELECT proof, kind, MAX(erased_at) AS erased_at
FROM leadwerk.erased_ids
GROUP BY proof, kind
