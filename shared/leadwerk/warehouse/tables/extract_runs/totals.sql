-- Sums over all days by their latest extract run; without visitors, because the same one counts on several days.
-- @as_of TIMESTAMP
WITH latest_run AS (
  SELECT *
  FROM leadwerk.extract_runs
  WHERE run_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY day ORDER BY run_at DESC) = 1
)

SELECT
  COUNT(*) AS days,
  COUNTIF(source = 'missing') AS missing_days,
  SUM(events_read) AS events_read,
  SUM(duplicates) AS duplicates,
  SUM(bots) AS bots,
  SUM(own_traffic) AS own_traffic,
  SUM(without_visitor) AS without_visitor,
  SUM(unusable) AS unusable,
  SUM(events_kept) AS events_kept
FROM latest_run
