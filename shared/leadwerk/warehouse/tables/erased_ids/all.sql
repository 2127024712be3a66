-- An erased id, and the latest moment at which it was erased. Hashes whose order is not stored (the process died
-- between the two) delete nothing: no row would say who ordered it.
SELECT proof, kind, MAX(erased_at) AS erased_at
FROM leadwerk.erased_ids
WHERE erasure_id IN (SELECT erasure_id FROM leadwerk.erasures)
GROUP BY proof, kind
