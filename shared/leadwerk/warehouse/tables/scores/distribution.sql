-- One predictive score from 0 to 100 and how many leads have it as their latest predictive score by @as_of.
-- include scores/latest where predictive_score IS NOT NULL

SELECT predictive_score, COUNT(*) AS leads
FROM latest_score
GROUP BY predictive_score
ORDER BY predictive_score
