-- One signal of the policy that occurred on the web site since @first_day.
-- @first_day DATE
SELECT DISTINCT s.name AS name
FROM leadwerk.activity_daily AS a
CROSS JOIN UNNEST(a.signals) AS s
WHERE a.day >= @first_day AND s.name IS NOT NULL
ORDER BY name
