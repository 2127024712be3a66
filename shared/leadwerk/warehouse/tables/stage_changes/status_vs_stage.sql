-- One lead of the CRM whose latest status dates from @status_since or later, with its latest score and recorded stage.
-- A status that arrives late counts like one in time: the condition is on when it happened, not when it arrived.
--
-- @status_since DATE
-- include outcomes/latest where day >= @status_since
,

-- include scores/latest
,

-- include stage_changes/latest
,

-- include leads/gone

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
FROM latest_outcome AS t
JOIN latest_score AS s ON s.lead_id = t.lead_id
LEFT JOIN latest_stage_change AS g ON g.lead_id = t.lead_id
WHERE t.lead_id NOT IN (SELECT lead_id FROM gone_lead)
ORDER BY t.lead_id
