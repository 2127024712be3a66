-- The last attempt at one lead, where the CRM did not know the lead and nothing is due before @now.
-- @lead_ids ARRAY<STRING>
-- @now TIMESTAMP
-- include deliveries/latest_of_lead where lead_id IN UNNEST(@lead_ids)

SELECT lead_id, score_id, attempt, attempted_at, state, http_status
FROM latest_attempt_at_lead
WHERE state != 'sent' AND http_status = 404 AND (next_attempt_at IS NULL OR next_attempt_at > @now)
