-- The source that a day of the export was last read from, for days since @first_day.
--
-- @first_day DATE
SELECT day, source
FROM leadwerk.extract_runs
WHERE day >= @first_day
QUALIFY ROW_NUMBER() OVER (PARTITION BY day ORDER BY run_at DESC, source) = 1
