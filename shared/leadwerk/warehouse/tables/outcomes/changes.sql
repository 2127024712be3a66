-- One change of a lead's status since @first_day that happened and was recorded by @as_of.
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT lead_id, occurred_at, status, outcome
FROM leadwerk.outcomes
WHERE day >= @first_day AND recorded_at <= @as_of AND occurred_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, occurred_at ORDER BY recorded_at DESC, event_id DESC) = 1
ORDER BY lead_id, occurred_at
