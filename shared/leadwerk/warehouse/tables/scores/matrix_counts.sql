-- One matrix cell and cluster, and how many leads have both by their latest score.
-- @first_day DATE
WITH latest_score AS (
  SELECT lead_id, matrix_cell, score_cluster
  FROM leadwerk.scores
  WHERE day >= @first_day AND matrix_cell IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)

SELECT matrix_cell, score_cluster, COUNT(*) AS leads
FROM latest_score
GROUP BY matrix_cell, score_cluster
ORDER BY matrix_cell, score_cluster
