-- The latest recorded stage of each lead by @as_of.
-- @as_of TIMESTAMP
WITH latest_stage_change AS (
  SELECT *
  FROM leadwerk.stage_changes
  WHERE changed_at <= @as_of
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY changed_at DESC, to_stage DESC) = 1
)
