-- The newest status of each lead asked for, as known at @as_of, and what it means.
--
-- @lead_ids ARRAY<STRING>
-- @as_of TIMESTAMP
SELECT lead_id, status, outcome, occurred_at
FROM leadwerk.outcomes
WHERE lead_id IN UNNEST(@lead_ids) AND recorded_at <= @as_of AND occurred_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
