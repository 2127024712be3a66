-- One lead of those in @lead_ids, and of each person in @person_keys, as of @as_of; the lead created last of a person comes last.
--
-- @lead_ids ARRAY<STRING>
-- @person_keys ARRAY<STRING>
-- @as_of TIMESTAMP
WITH latest_lead AS (
  SELECT lead_id, person_key, created_at
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
)

SELECT lead_id, person_key
FROM latest_lead
WHERE lead_id IN UNNEST(@lead_ids) OR person_key IN UNNEST(@person_keys)
ORDER BY created_at, lead_id
