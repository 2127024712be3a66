-- One touchpoint of these kinds of a lead of @lead_ids between two moments.
-- @lead_ids ARRAY<STRING>
-- @kinds ARRAY<STRING>
-- @first_day DATE
-- @first_at TIMESTAMP
-- @last_at TIMESTAMP
SELECT event_id, lead_id, kind, occurred_at
FROM leadwerk.touchpoints
WHERE day >= @first_day
  AND lead_id IN UNNEST(@lead_ids)
  AND kind IN UNNEST(@kinds)
  AND occurred_at BETWEEN @first_at AND @last_at
ORDER BY occurred_at, event_id
