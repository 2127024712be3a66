-- One code and field by which the CRM refused leads' latest scores, with the number of leads and one error.
-- @as_of TIMESTAMP
-- include deliveries/latest_of_lead where attempted_at <= @as_of
,

dead_letter AS (
  SELECT COALESCE(crm_code, 'refused') AS crm_code, crm_field, error
  FROM latest_attempt_at_lead
  WHERE state = 'dead_letter'
)

SELECT crm_code, crm_field, COUNT(*) AS leads, MIN(error) AS error
FROM dead_letter
GROUP BY crm_code, crm_field
ORDER BY leads DESC, crm_code, crm_field
