-- The last attempt at one lead, which the CRM refused for good by this code and field ('': it named none).
-- @as_of TIMESTAMP
-- @crm_code STRING
-- @crm_field STRING
-- include deliveries/latest_of_lead where attempted_at <= @as_of

SELECT lead_id, score_id, attempt, attempted_at, state, http_status
FROM latest_attempt_at_lead
WHERE state = 'dead_letter' AND COALESCE(crm_code, 'refused') = @crm_code AND COALESCE(crm_field, '') = @crm_field
