-- The latest status of each lead in the CRM, of those that happened and were recorded by then.
-- @as_of TIMESTAMP
WITH latest_outcome AS (
  SELECT *
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
)
