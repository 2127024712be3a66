-- The newest score of each lead asked for, of those computed since @first_day and as of @as_of or before.
--
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT
  lead_id,
  score_id,
  scored_at,
  basis,
  predictive_score,
  score_cluster,
  recommended_action,
  model_version,
  policy_version
FROM leadwerk.scores
WHERE lead_id IN UNNEST(@lead_ids) AND day >= @first_day AND scored_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
