-- Overrides in force at @as_of: the latest of a lead, unless it is a release or has ended.
-- include overrides/latest
,

active_override AS (
  SELECT lead_id, cluster, author, reason, set_at, ends_at
  FROM latest_override
  WHERE cluster IS NOT NULL AND ends_at > @as_of
),
