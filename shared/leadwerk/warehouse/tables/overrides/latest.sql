-- A lead that exists, when the CRM closed it, and its latest override, including a release or an expired one.
-- @lead_id STRING
-- @as_of TIMESTAMP
WITH existing_lead AS (
  SELECT DISTINCT lead_id FROM leadwerk.leads WHERE lead_id = @lead_id AND recorded_at <= @as_of
),

-- As in outcomes/closed, for this one lead.
closed_lead AS (
  SELECT lead_id, occurred_at AS closed_at
  FROM leadwerk.outcomes
  WHERE lead_id = @lead_id AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
    AND outcome != 'open'
),

latest_override AS (
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
FROM existing_lead AS k
LEFT JOIN closed_lead AS c ON c.lead_id = k.lead_id
LEFT JOIN latest_override AS s ON s.lead_id = k.lead_id
