-- The latest version of each lead that was recorded by @as_of.
-- @as_of TIMESTAMP
WITH latest_lead AS (
  SELECT *
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
)
