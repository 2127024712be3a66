-- What stood of each lead asked for at a moment: its newest score since @first_day, the CRM's newest status, its stage,
-- and what a person says of it.
--
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
-- include overrides/said

scored AS (
  SELECT
    lead_id, score_id, scored_at, basis, predictive_score, score_cluster, recommended_action, points, grade, tier,
    traffic_light, stage, model_version, policy_version, decided_by
  FROM leadwerk.scores
  WHERE lead_id IN UNNEST(@lead_ids) AND day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

told AS (
  SELECT lead_id, status, outcome
  FROM leadwerk.outcomes
  WHERE lead_id IN UNNEST(@lead_ids) AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

staged AS (
  SELECT lead_id, to_stage
  FROM leadwerk.stage_changes
  WHERE lead_id IN UNNEST(@lead_ids) AND changed_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY changed_at DESC, to_stage DESC) = 1
)

SELECT
  asked AS lead_id,
  s.score_id,
  s.scored_at,
  s.basis,
  s.predictive_score,
  s.score_cluster,
  s.recommended_action,
  s.points,
  s.grade,
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
FROM UNNEST(@lead_ids) AS asked
LEFT JOIN scored AS s ON s.lead_id = asked
LEFT JOIN told AS t ON t.lead_id = asked
LEFT JOIN staged AS g ON g.lead_id = asked
LEFT JOIN said AS o ON o.lead_id = asked
