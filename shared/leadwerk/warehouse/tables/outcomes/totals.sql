-- One kind of outcome and how many leads have it as their latest.
-- @as_of TIMESTAMP
WITH latest_outcome AS (
  SELECT lead_id, outcome
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
)

SELECT outcome, COUNT(*) AS leads
FROM latest_outcome
GROUP BY outcome
ORDER BY outcome
