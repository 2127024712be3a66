-- Overrides in force at @as_of: the latest of a lead, unless it is a release or has ended.
-- BigQuery may hold a row twice, and two persons may write at once: the event id decides.
-- @as_of TIMESTAMP
WITH active_override AS (
  SELECT lead_id, cluster, author, reason, set_at, ends_at
  FROM leadwerk.overrides
  WHERE set_at <= @as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY set_at DESC, sequence DESC, event_id DESC) = 1
    AND cluster IS NOT NULL
    AND ends_at > @as_of
),
