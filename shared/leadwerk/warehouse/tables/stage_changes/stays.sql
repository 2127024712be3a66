-- A stay of a lead in a stage: since when, and what came next when by @as_of (nulls: the lead is still there).
-- include stage_changes/sampled

SELECT
  lead_id,
  to_stage AS stage,
  changed_at AS entered_at,
  LEAD(to_stage) OVER (PARTITION BY lead_id ORDER BY changed_at) AS next_stage,
  LEAD(changed_at) OVER (PARTITION BY lead_id ORDER BY changed_at) AS left_at
FROM sampled_changes
ORDER BY lead_id, entered_at
