-- The latest override of each lead by @as_of, be it a release or one that has ended.
-- BigQuery may hold a row twice, and two persons may write at once: the event id decides.
-- @as_of TIMESTAMP
WITH latest_override AS (
  SELECT *
  FROM leadwerk.overrides
  WHERE set_at <= @as_of
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY set_at DESC, sequence DESC, event_id DESC) = 1
)
