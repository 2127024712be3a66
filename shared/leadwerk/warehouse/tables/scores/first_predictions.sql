-- Leads created since @created_since as a model first scored them (nulls: none did by @as_of), when they first converted
-- by @as_of, and whether the CRM has closed them.
--
-- @created_since TIMESTAMP
-- @scored_since DATE
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
-- include objections/active
,

lead_versions AS (
  SELECT lead_id, created_at, language, region, channel, industry
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

first_prediction AS (
  SELECT lead_id, scored_at, probability
  FROM leadwerk.scores
  WHERE day >= @scored_since AND scored_at <= @as_of AND probability IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

conversions AS (
  SELECT lead_id, MIN(occurred_at) AS converted_at
  FROM leadwerk.outcomes
  WHERE outcome IN UNNEST(@positive) AND recorded_at <= @as_of AND occurred_at <= @as_of
  GROUP BY lead_id
),

latest_outcome AS (
  SELECT lead_id, outcome
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
)

SELECT
  l.lead_id,
  l.created_at,
  l.language,
  l.region,
  l.channel,
  l.industry,
  p.scored_at,
  p.probability,
  c.converted_at,
  COALESCE(t.outcome != 'open', FALSE) AS is_closed
FROM lead_versions AS l
LEFT JOIN first_prediction AS p ON p.lead_id = l.lead_id
LEFT JOIN conversions AS c ON c.lead_id = l.lead_id
LEFT JOIN latest_outcome AS t ON t.lead_id = l.lead_id
ORDER BY l.created_at, l.lead_id
