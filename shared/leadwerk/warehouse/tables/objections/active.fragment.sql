-- Leads whose person objects to profiling at @as_of: they are worked without a score and are in no training.
-- @as_of TIMESTAMP
WITH objecting_leads AS (
  SELECT lead_id
  FROM leadwerk.objections
  WHERE set_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY set_at DESC, event_id DESC) = 1 AND NOT is_withdrawn
)
