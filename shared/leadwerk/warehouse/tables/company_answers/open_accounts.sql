-- One account of open leads, of the @most with the newest lead, the newest first.
-- @most INT64
-- include leads/open

SELECT account_id
FROM latest_lead
WHERE account_id IS NOT NULL AND lead_id IN (SELECT lead_id FROM open_leads)
GROUP BY account_id
ORDER BY MAX(created_at) DESC, account_id
LIMIT @most
