-- When the first of some leads came into being; null without leads.
-- @lead_ids ARRAY<STRING>
SELECT MIN(created_at) AS created_at FROM leadwerk.leads WHERE lead_id IN UNNEST(@lead_ids)
