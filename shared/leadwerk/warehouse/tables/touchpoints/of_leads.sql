-- One touchpoint of a lead of @lead_ids since @first_day.
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
SELECT
  event_id, lead_id, day, occurred_at, recorded_at, kind, loan_amount, property_value, income, instalment
FROM leadwerk.touchpoints
WHERE day >= @first_day AND lead_id IN UNNEST(@lead_ids)
ORDER BY occurred_at, event_id
