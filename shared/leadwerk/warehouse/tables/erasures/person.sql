-- An id of a person: a lead, an event of one, a visitor, the hash that a person's leads share, or an account that only
-- the person's leads name. Leads that the CRM merged are of one person.
-- @lead_ids ARRAY<STRING>
-- @visitor_ids ARRAY<STRING>
-- @person_keys ARRAY<STRING>
WITH asked_leads AS (
  SELECT lead_id, merged_into FROM leadwerk.leads
  WHERE
    lead_id IN UNNEST(@lead_ids)
    OR person_key IN UNNEST(@person_keys)
    OR lead_id IN (SELECT lead_id FROM leadwerk.identities WHERE visitor_id IN UNNEST(@visitor_ids))
),

surviving_leads AS (
  SELECT lead_id FROM asked_leads
  UNION DISTINCT
  SELECT merged_into AS lead_id FROM asked_leads WHERE merged_into IS NOT NULL
),

named_leads AS (
  SELECT lead_id, person_key FROM leadwerk.leads
  WHERE lead_id IN (SELECT lead_id FROM surviving_leads) OR merged_into IN (SELECT lead_id FROM surviving_leads)
),

persons AS (
  SELECT person_key FROM named_leads WHERE person_key IS NOT NULL
  UNION DISTINCT
  SELECT person_key FROM UNNEST(@person_keys) AS person_key
),

lead_versions AS (
  SELECT lead_id, event_id, account_id FROM leadwerk.leads
  WHERE
    lead_id IN (SELECT lead_id FROM named_leads)
    OR person_key IN (SELECT person_key FROM persons)
),

linked_visitors AS (
  SELECT visitor_id FROM leadwerk.identities WHERE lead_id IN (SELECT lead_id FROM lead_versions)
  UNION DISTINCT
  SELECT visitor_id FROM UNNEST(@visitor_ids) AS visitor_id
)

SELECT DISTINCT 'lead' AS kind, lead_id AS id FROM lead_versions
UNION ALL
SELECT DISTINCT 'event' AS kind, event_id AS id FROM lead_versions
UNION ALL
SELECT 'visitor' AS kind, visitor_id AS id FROM linked_visitors
UNION ALL
SELECT 'person' AS kind, person_key AS id FROM persons
UNION ALL
SELECT DISTINCT 'account' AS kind, account_id AS id
FROM lead_versions
WHERE account_id IS NOT NULL AND account_id NOT IN (
    SELECT account_id FROM leadwerk.leads
    WHERE account_id IS NOT NULL AND lead_id NOT IN (SELECT lead_id FROM lead_versions)
  )
