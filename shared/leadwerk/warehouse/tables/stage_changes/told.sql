-- One lead whose newest status in the CRM is of @told_since or later, with its newest score and its stage on record.
-- What arrived late counts as what arrived in time: no moment of arrival is asked for.
--
-- @told_since DATE
-- @first_day DATE
-- @as_of TIMESTAMP
WITH told AS (
  SELECT lead_id, status, outcome
  FROM leadwerk.outcomes
  WHERE day >= @told_since AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

scored AS (
  SELECT lead_id, score_id, score_cluster, fit, interest, points, grade, stage
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

staged AS (
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
  s.stage,
  g.to_stage AS stage_reached
FROM told AS t
JOIN scored AS s ON s.lead_id = t.lead_id
LEFT JOIN staged AS g ON g.lead_id = t.lead_id
ORDER BY t.lead_id
