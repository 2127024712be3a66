-- One change of the status of a lead of @lead_ids since @first_day, in order.
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
SELECT event_id, lead_id, day, occurred_at, recorded_at, status, reason, outcome, amount
FROM leadwerk.outcomes
WHERE day >= @first_day AND lead_id IN UNNEST(@lead_ids)
ORDER BY occurred_at, recorded_at, event_id
