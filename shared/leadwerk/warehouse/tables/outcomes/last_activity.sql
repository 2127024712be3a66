-- When the status of a picked lead last changed since the pick, which counts as work; null if it did not.
-- @lead_id STRING
-- @first_day DATE
-- @picked_at TIMESTAMP
-- @now TIMESTAMP
SELECT MAX(occurred_at) AS worked_at
FROM leadwerk.outcomes
WHERE lead_id = @lead_id
  AND day >= @first_day
  AND occurred_at > @picked_at
  AND occurred_at <= @now
  AND recorded_at <= @now
