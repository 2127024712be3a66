-- One predictive score from 0 to 100 and how many leads have it as their latest score.
-- @first_day DATE
WITH latest_score AS (
  SELECT lead_id, predictive_score
  FROM leadwerk.scores
  WHERE day >= @first_day AND predictive_score IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)

SELECT predictive_score, COUNT(*) AS leads
FROM latest_score
GROUP BY predictive_score
ORDER BY predictive_score
