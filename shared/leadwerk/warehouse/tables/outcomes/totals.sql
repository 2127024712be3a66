-- One kind of outcome and how many leads have it as their latest.
-- include outcomes/latest

SELECT outcome, COUNT(*) AS leads
FROM latest_outcome
GROUP BY outcome
ORDER BY outcome
