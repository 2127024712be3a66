-- One hold that was over by @until, and of whose end the table does not say so yet.
-- @until TIMESTAMP
-- include picks/held

ended AS (
  SELECT lead_id, sequence, seller, picked_at, expires_at
  FROM held
  WHERE expires_at <= @until
)

SELECT *
FROM ended
ORDER BY lead_id
