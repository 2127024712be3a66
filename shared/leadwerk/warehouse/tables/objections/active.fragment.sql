-- Leads whose person objects to profiling at @as_of: they are worked without a score and are in no training. An objection
-- by a person's key holds for leads that the person creates later, too.
-- @as_of TIMESTAMP
WITH objection_of_lead AS (
  SELECT lead_id, set_at, event_id, is_withdrawn
  FROM leadwerk.objections
  WHERE set_at <= @as_of AND lead_id IS NOT NULL
  UNION ALL
  SELECT l.lead_id, o.set_at, o.event_id, o.is_withdrawn
  FROM leadwerk.objections AS o
  JOIN leadwerk.leads AS l ON l.person_key = o.person_key
  WHERE o.set_at <= @as_of
    -- where
),

objecting_leads AS (
  SELECT lead_id
  FROM objection_of_lead
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY set_at DESC, event_id DESC) = 1 AND NOT is_withdrawn
)
