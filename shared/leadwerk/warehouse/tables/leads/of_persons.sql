-- One lead of those in @lead_ids, and of each person in @person_keys, as of @as_of; the lead created last of a person comes last.
-- Of a person only leads that are in the CRM.
--
-- @lead_ids ARRAY<STRING>
-- @person_keys ARRAY<STRING>
-- include leads/latest

SELECT lead_id, person_key
FROM latest_lead
WHERE lead_id IN UNNEST(@lead_ids) OR (person_key IN UNNEST(@person_keys) AND record_state IS NULL)
ORDER BY created_at, lead_id
