-- The fields of the last score of one lead that the CRM took, in the columns of deliveries/outbox.
-- @lead_ids ARRAY<STRING>
-- @as_of TIMESTAMP
-- include deliveries/latest_of_lead where attempted_at <= @as_of AND state IN ('sent', 'same') AND lead_id IN UNNEST(@lead_ids)

SELECT
  s.lead_id, s.score_id, s.predictive_score, s.score_cluster, s.recommended_action, s.probability, s.points,
  s.matrix_cell, s.tier, s.stage, s.traffic_light, s.reasons
FROM leadwerk.scores AS s
INNER JOIN latest_attempt_at_lead AS d ON d.score_id = s.score_id
WHERE s.day >= @first_day AND s.lead_id IN UNNEST(@lead_ids)
QUALIFY ROW_NUMBER() OVER (PARTITION BY s.lead_id ORDER BY s.scored_at DESC, s.stored_at DESC, s.score_id DESC) = 1
