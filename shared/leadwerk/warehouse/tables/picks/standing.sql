-- One lead that a seller holds at @now, with whom and until when.
-- @seller STRING
-- include picks/held

in_force AS (
  SELECT lead_id, seller, picked_at, expires_at
  FROM held
  WHERE expires_at > @now AND (@seller IS NULL OR seller = @seller)
)

SELECT *
FROM in_force
ORDER BY expires_at, lead_id
