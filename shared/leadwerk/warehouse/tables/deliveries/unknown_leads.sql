-- The last attempt at one lead, where the CRM did not know the lead and nothing is due before @now.
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
-- @now TIMESTAMP
SELECT lead_id, score_id, attempt, attempted_at, state
FROM leadwerk.deliveries
WHERE day >= @first_day AND lead_id IN UNNEST(@lead_ids)
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY attempted_at DESC, attempt DESC, delivery_id DESC) = 1
  AND state != 'sent'
  AND http_status = 404
  AND (next_attempt_at IS NULL OR next_attempt_at > @now)
