-- One lead that a seller holds at @now, with whom and until when. What was picked before @first_day has lapsed.
-- @first_day DATE
-- @now TIMESTAMP
-- @seller STRING
WITH newest AS (
  SELECT lead_id, kind, seller, occurred_at, expires_at
  FROM leadwerk.picks
  WHERE day >= @first_day
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY sequence DESC, occurred_at DESC, event_id DESC) = 1
)

SELECT lead_id, seller, occurred_at AS picked_at, expires_at
FROM newest
WHERE kind = 'picked' AND expires_at > @now AND (@seller IS NULL OR seller = @seller)
ORDER BY expires_at, lead_id
