-- One stored score of a lead, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT
  score_id, scored_at, score_origin, basis, model_version, policy_version,
  probability, predictive_score, points, fit, interest, grade, level, matrix_cell, icp, traffic_light, tier, phase, stage,
  hot_threshold, score_cluster, recommended_action, decided_by
FROM leadwerk.scores
WHERE lead_id = @lead_id AND day >= @first_day AND scored_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY stored_at) = 1
ORDER BY scored_at, score_id
