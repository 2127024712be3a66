-- One change of a lead's status in the CRM, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT event_id, occurred_at AS happened_at, status, reason, outcome
FROM leadwerk.outcomes
WHERE lead_id = @lead_id AND day >= @first_day AND recorded_at <= @as_of AND occurred_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY recorded_at) = 1
ORDER BY occurred_at, event_id
