-- How many leads have changed their stage since @first_day.
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT COUNT(DISTINCT lead_id) AS leads
FROM leadwerk.stage_changes
WHERE day >= @first_day AND changed_at <= @as_of
