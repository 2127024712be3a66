-- One kind of touchpoint that occurred since @first_day.
-- @first_day DATE
SELECT DISTINCT kind AS name
FROM leadwerk.touchpoints
WHERE day >= @first_day
ORDER BY name
