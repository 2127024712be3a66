-- One signal of the policy that occurred on the web site from @first_day to @last_day.
-- @first_day DATE
-- @last_day DATE
WITH recent_days AS (
  SELECT signals
  FROM leadwerk.activity_daily
  WHERE day BETWEEN @first_day AND @last_day
)

SELECT DISTINCT s.name AS name
FROM recent_days AS r
CROSS JOIN UNNEST(r.signals) AS s
WHERE s.name IS NOT NULL
ORDER BY name
