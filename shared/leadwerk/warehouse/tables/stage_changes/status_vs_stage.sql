-- One lead whose latest CRM status dates from @status_since or later, with its latest score and recorded stage.
-- A status that arrives late counts like one in time: the condition is on when it happened, not when it arrived.
--
-- @status_since DATE
-- @first_day DATE
-- @as_of TIMESTAMP
WITH latest_status AS (
  SELECT lead_id, status, outcome
  FROM leadwerk.outcomes
  WHERE day >= @status_since AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

latest_score AS (
  SELECT lead_id, score_id, score_cluster, fit, interest, points, grade, level, matrix_cell, stage
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

latest_stage_change AS (
  SELECT lead_id, to_stage
  FROM leadwerk.stage_changes
  WHERE changed_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY changed_at DESC, to_stage DESC) = 1
)

SELECT
  t.lead_id,
  t.status,
  t.outcome,
  s.score_id,
  s.score_cluster,
  s.fit,
  s.interest,
  s.points,
  s.grade,
  s.level,
  s.matrix_cell,
  s.stage,
  g.to_stage AS stage_reached
FROM latest_status AS t
JOIN latest_score AS s ON s.lead_id = t.lead_id
LEFT JOIN latest_stage_change AS g ON g.lead_id = t.lead_id
ORDER BY t.lead_id
