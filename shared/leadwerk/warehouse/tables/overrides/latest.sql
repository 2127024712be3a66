-- A lead that exists, when the CRM closed it, and its latest override, including a release or an expired one.
-- @lead_id STRING
WITH existing_lead AS (
  SELECT DISTINCT lead_id FROM leadwerk.leads WHERE lead_id = @lead_id AND recorded_at <= @as_of
),

-- include outcomes/latest where lead_id = @lead_id
,

-- As in outcomes/closed, for this one lead.
closed_lead AS (
  SELECT lead_id, occurred_at AS closed_at
  FROM latest_outcome
  WHERE outcome != 'open'
),

-- include overrides/latest where lead_id = @lead_id

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
