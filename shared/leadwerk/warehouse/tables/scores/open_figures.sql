-- The open leads together: how many, how many are HOT, and the mean of their scores (points where no model scored).
-- include scores/open_leads

open_leads AS (
  SELECT lead_id, cluster, COALESCE(CAST(score AS FLOAT64), points) AS shown_score
  FROM candidates
)

SELECT COUNT(*) AS leads, COUNTIF(cluster = 'HOT') AS hot, COUNT(shown_score) AS scored, AVG(shown_score) AS mean_score
FROM open_leads
