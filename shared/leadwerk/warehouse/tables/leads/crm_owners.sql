-- The CRM's user who owns each lead of @lead_ids as of @as_of, where the CRM says who.
-- @lead_ids ARRAY<STRING>
-- include leads/latest where lead_id IN UNNEST(@lead_ids)

SELECT lead_id, crm_owner
FROM latest_lead
WHERE crm_owner IS NOT NULL
