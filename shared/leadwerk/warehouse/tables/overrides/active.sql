-- One lead whose cluster a person has set, as of @as_of; those that end first come first.
-- include overrides/active

existing_leads AS (SELECT DISTINCT lead_id FROM leadwerk.leads WHERE recorded_at <= @as_of)

SELECT s.*
FROM active_override AS s
JOIN existing_leads AS o ON o.lead_id = s.lead_id
ORDER BY s.ends_at, s.lead_id
