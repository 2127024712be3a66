-- The last change of the status of one lead of @lead_ids.
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
SELECT lead_id, status, reason, amount, occurred_at
FROM leadwerk.outcomes
WHERE day >= @first_day AND lead_id IN UNNEST(@lead_ids)
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
