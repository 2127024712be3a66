-- A person with several leads in the CRM at @as_of: the lead that came first, and the others in order.
-- @as_of TIMESTAMP
-- include leads/latest

SELECT ARRAY_AGG(lead_id ORDER BY created_at, lead_id) AS lead_ids
FROM latest_lead
WHERE person_key IS NOT NULL AND record_state IS NULL
GROUP BY person_key
HAVING COUNT(*) > 1
ORDER BY MIN(lead_id)
