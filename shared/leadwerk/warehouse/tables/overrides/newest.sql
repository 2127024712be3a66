-- A lead that is known, whether the CRM closed it, and the newest word of a person about it, released or lapsed ones too.
-- @lead_id STRING
-- @as_of TIMESTAMP
WITH known AS (
  SELECT DISTINCT lead_id FROM leadwerk.leads WHERE lead_id = @lead_id AND recorded_at <= @as_of
),

-- As in outcomes/closed, of this one lead.
closed AS (
  SELECT lead_id, occurred_at AS closed_at
  FROM leadwerk.outcomes
  WHERE lead_id = @lead_id AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
    AND outcome != 'open'
),

said AS (
  SELECT lead_id, sequence, set_at, cluster, ends_at, author, reason
  FROM leadwerk.overrides
  WHERE lead_id = @lead_id AND set_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY set_at DESC, sequence DESC, event_id DESC) = 1
)

SELECT
  k.lead_id,
  c.closed_at,
  s.sequence,
  s.set_at,
  s.cluster,
  s.ends_at,
  s.author,
  s.reason
FROM known AS k
LEFT JOIN closed AS c ON c.lead_id = k.lead_id
LEFT JOIN said AS s ON s.lead_id = k.lead_id
