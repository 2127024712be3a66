-- The latest verdict on each of these leads.
-- @lead_ids ARRAY<STRING>
-- @as_of TIMESTAMP
SELECT event_id, lead_id, given_at, seller, reached, verdict, reason, note, score_id
FROM leadwerk.verdicts
WHERE lead_id IN UNNEST(@lead_ids) AND given_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY given_at DESC, event_id DESC) = 1
ORDER BY lead_id
