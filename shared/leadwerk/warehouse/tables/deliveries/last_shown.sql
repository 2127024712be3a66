-- The fields of the last score of one lead that the CRM took, in the columns of deliveries/outbox.
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
-- @as_of TIMESTAMP
WITH last_taken AS (
  SELECT lead_id, score_id
  FROM leadwerk.deliveries
  WHERE day >= @first_day AND attempted_at <= @as_of AND state IN ('sent', 'same') AND lead_id IN UNNEST(@lead_ids)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY attempted_at DESC, attempt DESC, delivery_id DESC) = 1
)
SELECT
  s.lead_id, s.score_id, s.predictive_score, s.score_cluster, s.recommended_action, s.probability, s.points,
  s.matrix_cell, s.tier, s.stage, s.traffic_light, s.reasons
FROM leadwerk.scores AS s
INNER JOIN last_taken ON last_taken.score_id = s.score_id
WHERE s.day >= @first_day AND s.lead_id IN UNNEST(@lead_ids)
QUALIFY ROW_NUMBER() OVER (PARTITION BY s.lead_id ORDER BY s.scored_at DESC, s.stored_at DESC, s.score_id DESC) = 1
