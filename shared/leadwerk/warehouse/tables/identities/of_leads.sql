-- One link of a visitor to a lead of @lead_ids.
-- @lead_ids ARRAY<STRING>
SELECT visitor_id, lead_id, linked_at, source, stored_at
FROM leadwerk.identities
WHERE lead_id IN UNNEST(@lead_ids)
ORDER BY linked_at, visitor_id
