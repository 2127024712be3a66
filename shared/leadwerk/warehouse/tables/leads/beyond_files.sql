-- One lead of which more is known, as of @as_of, than what files stated: by forms, the CRM, the web site, or a person.
-- @as_of TIMESTAMP
SELECT lead_id
FROM leadwerk.leads
WHERE NOT STARTS_WITH(event_id, 'import.') AND recorded_at <= @as_of
UNION DISTINCT
SELECT lead_id
FROM leadwerk.identities
WHERE linked_at <= @as_of
UNION DISTINCT
SELECT lead_id
FROM leadwerk.touchpoints
WHERE recorded_at <= @as_of
UNION DISTINCT
SELECT lead_id
FROM leadwerk.overrides
WHERE set_at <= @as_of
