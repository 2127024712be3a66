-- One lead whose cluster a person has set, as of a moment; those that end first in front.
-- include overrides/said

opened AS (SELECT DISTINCT lead_id FROM leadwerk.leads WHERE recorded_at <= @as_of)

SELECT s.*
FROM said AS s
JOIN opened AS o ON o.lead_id = s.lead_id
ORDER BY s.ends_at, s.lead_id
