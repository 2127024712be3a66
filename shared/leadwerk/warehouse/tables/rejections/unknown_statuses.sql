-- One status of the CRM that no rule of the policy knows, as its rejections since @first_day say, the most frequent first.
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT reason, MAX(reason_message) AS reason_message, COUNT(DISTINCT rejection_id) AS cases
FROM leadwerk.rejections
WHERE day >= @first_day AND rejected_at <= @as_of AND field = 'status'
GROUP BY reason
ORDER BY cases DESC, reason
LIMIT 20
