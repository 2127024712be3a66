-- The newest threshold of one basis and segment, of those of @first_day and later that were decided by @as_of.
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT day, decided_at, basis, segment, hot, wanted, direction, calls_per_week, capacity_per_week, reason
FROM leadwerk.thresholds
WHERE day >= @first_day AND decided_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY basis, segment ORDER BY day DESC, decided_at DESC) = 1
ORDER BY basis, segment
