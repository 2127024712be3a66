-- One matrix cell and cluster, and how many leads have both by their latest score with points by @as_of.
-- include scores/latest where matrix_cell IS NOT NULL

SELECT matrix_cell, score_cluster, COUNT(*) AS leads
FROM latest_score
GROUP BY matrix_cell, score_cluster
ORDER BY matrix_cell, score_cluster
