-- One source and field of which rows could not be used since @first_day, with the cure.
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT source, field, MAX(reason) AS reason, MAX(reason_message) AS reason_message,
  COUNT(DISTINCT rejection_id) AS rejected, MAX(rejected_at) AS newest
FROM leadwerk.rejections
WHERE day >= @first_day AND rejected_at <= @as_of
GROUP BY source, field
ORDER BY rejected DESC, source, field
LIMIT 20
