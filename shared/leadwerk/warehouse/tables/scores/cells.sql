-- One cell of fit × interest with a cluster, and how many leads stand there by their newest score.
-- @first_day DATE
WITH newest AS (
  SELECT lead_id, grade, score_cluster
  FROM leadwerk.scores
  WHERE day >= @first_day AND grade IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)

SELECT grade AS cell, score_cluster, COUNT(*) AS leads
FROM newest
GROUP BY grade, score_cluster
ORDER BY cell, score_cluster
