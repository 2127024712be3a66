-- One lead of whose newest status we learned after its newest score and its newest change of stage, with both.
--
-- @learned_since TIMESTAMP
-- @first_day DATE
-- @as_of TIMESTAMP
WITH told AS (
  SELECT lead_id, status, outcome, recorded_at
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

scored AS (
  SELECT lead_id, score_id, scored_at, score_cluster, fit, interest, points, grade
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

staged AS (
  SELECT lead_id, to_stage, changed_at
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
  g.to_stage AS stage_reached
FROM told AS t
JOIN scored AS s ON s.lead_id = t.lead_id
LEFT JOIN staged AS g ON g.lead_id = t.lead_id
WHERE t.recorded_at >= @learned_since
  AND t.recorded_at > s.scored_at
  AND (g.changed_at IS NULL OR g.changed_at < t.recorded_at)
ORDER BY t.lead_id
