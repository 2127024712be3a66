-- Calls and money of a day.
-- @day DATE
SELECT COALESCE(SUM(calls), 0) AS calls, COALESCE(SUM(cost), 0.0) AS cost
FROM leadwerk.company_answers
WHERE day = @day
