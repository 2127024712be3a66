-- One pick that expired by @until and whose lapse is not recorded yet.
-- @until TIMESTAMP
-- include picks/holds

expired_picks AS (
  SELECT lead_id, sequence, seller, picked_at, expires_at
  FROM picks_with_end
  WHERE expires_at <= @until
)

SELECT *
FROM expired_picks
ORDER BY lead_id
