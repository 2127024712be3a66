-- Who picked a lead first since the first day.
-- @first_day DATE
-- @as_of TIMESTAMP
WITH first_pick AS (
  SELECT lead_id, seller
  FROM leadwerk.picks
  WHERE day >= @first_day AND kind = 'picked' AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at, event_id) = 1
)
