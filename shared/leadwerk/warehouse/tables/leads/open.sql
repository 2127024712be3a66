-- One open lead, in the order of the ids.
-- include leads/open

SELECT lead_id
FROM open_leads
ORDER BY lead_id
