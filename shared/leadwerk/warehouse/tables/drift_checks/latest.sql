-- The latest check of each drift monitor by @as_of.
-- @as_of TIMESTAMP
SELECT *
FROM leadwerk.drift_checks
WHERE checked_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY monitor ORDER BY checked_at DESC, check_id DESC) = 1
ORDER BY monitor
