-- One active pick at @now: the lead, its seller and when it expires.
-- @seller STRING
-- include picks/holds

active_picks AS (
  SELECT lead_id, seller, picked_at, expires_at
  FROM picks_with_end
  WHERE expires_at > @now AND (@seller IS NULL OR seller = @seller)
)

SELECT *
FROM active_picks
ORDER BY expires_at, lead_id
