-- What persons say of leads at @as_of: the newest word about a lead, unless that released it or its time is over.
-- A row of BigQuery may be there twice, and two persons may speak at once: the event's id decides.
-- @as_of TIMESTAMP
WITH said AS (
  SELECT lead_id, cluster, author, reason, set_at, ends_at
  FROM leadwerk.overrides
  WHERE set_at <= @as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY set_at DESC, sequence DESC, event_id DESC) = 1
    AND cluster IS NOT NULL
    AND ends_at > @as_of
),
