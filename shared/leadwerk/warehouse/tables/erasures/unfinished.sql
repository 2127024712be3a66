-- An erasure whose ids are hashed and that is not completed.
SELECT erasure_id, MIN(recorded_at) AS begun_at, MIN(author) AS author, MIN(reason) AS reason
FROM leadwerk.erasures
WHERE erasure_id IN (SELECT erasure_id FROM leadwerk.erased_ids)
GROUP BY erasure_id
HAVING COUNTIF(state = 'completed') = 0
