-- One kind of outcome and how many leads have it as their newest.
-- @now TIMESTAMP
WITH newest AS (
  SELECT lead_id, outcome
  FROM leadwerk.outcomes
  WHERE recorded_at <= @now AND occurred_at <= @now
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
)

SELECT outcome, COUNT(*) AS leads
FROM newest
GROUP BY outcome
ORDER BY outcome
