-- The state of each lead in @lead_ids as of @as_of: its latest score since @first_day, CRM status, recorded stage and
-- active override.
--
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
-- include overrides/active

latest_score AS (
  SELECT
    lead_id, score_id, scored_at, basis, predictive_score, score_cluster, recommended_action, points, matrix_cell, tier,
    traffic_light, stage, model_version, policy_version, decided_by
  FROM leadwerk.scores
  WHERE lead_id IN UNNEST(@lead_ids) AND day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

latest_status AS (
  SELECT lead_id, status, outcome
  FROM leadwerk.outcomes
  WHERE lead_id IN UNNEST(@lead_ids) AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

latest_stage_change AS (
  SELECT lead_id, to_stage
  FROM leadwerk.stage_changes
  WHERE lead_id IN UNNEST(@lead_ids) AND changed_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY changed_at DESC, to_stage DESC) = 1
)

SELECT
  requested_id AS lead_id,
  s.score_id,
  s.scored_at,
  s.basis,
  s.predictive_score,
  s.score_cluster,
  s.recommended_action,
  s.points,
  s.matrix_cell,
  s.tier,
  s.traffic_light,
  s.stage,
  s.model_version,
  s.policy_version,
  s.decided_by,
  t.status,
  t.outcome,
  g.to_stage AS stage_reached,
  o.cluster AS override_cluster,
  o.author AS override_author,
  o.reason AS override_reason,
  o.set_at AS override_set_at,
  o.ends_at AS override_ends_at
FROM UNNEST(@lead_ids) AS requested_id
LEFT JOIN latest_score AS s ON s.lead_id = requested_id
LEFT JOIN latest_status AS t ON t.lead_id = requested_id
LEFT JOIN latest_stage_change AS g ON g.lead_id = requested_id
LEFT JOIN active_override AS o ON o.lead_id = requested_id
