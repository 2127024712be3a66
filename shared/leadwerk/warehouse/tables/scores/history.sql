-- One stored score of a lead, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT
  score_id, scored_at, basis, model_version, policy_version, probability, predictive_score AS score, points, fit, interest,
  matrix_cell, stage, hot_threshold, score_cluster AS cluster, recommended_action AS action, decided_by
FROM leadwerk.scores
WHERE lead_id = @lead_id AND day >= @first_day AND scored_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY stored_at) = 1
ORDER BY scored_at, score_id
