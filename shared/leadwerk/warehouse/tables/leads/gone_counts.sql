-- How many leads are gone from the CRM since @gone_since, by what became of their record.
-- @gone_since TIMESTAMP
-- include leads/latest

SELECT record_state, COUNT(*) AS leads
FROM latest_lead
WHERE record_state IS NOT NULL AND recorded_at >= @gone_since
GROUP BY record_state
ORDER BY record_state
