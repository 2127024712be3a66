-- One code and field by which the CRM refused leads' latest scores, with the number of leads and one error.
-- @first_day DATE
-- @as_of TIMESTAMP
WITH latest_attempt AS (
  SELECT lead_id, state, COALESCE(crm_code, 'refused') AS crm_code, crm_field, error
  FROM leadwerk.deliveries
  WHERE day >= @first_day AND attempted_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY attempted_at DESC, attempt DESC, delivery_id DESC) = 1
)
SELECT crm_code, crm_field, COUNT(*) AS leads, MIN(error) AS error
FROM latest_attempt
WHERE state = 'dead_letter'
GROUP BY crm_code, crm_field
ORDER BY leads DESC, crm_code, crm_field
