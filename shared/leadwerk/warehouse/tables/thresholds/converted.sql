-- Leads of a level whose outcome is certain, and how many of them converted within the horizon.
--
-- The level is the highest that a lead reached within @look_back_days of its first score and before its case was closed.
--
-- @horizon_days INT64
-- @look_back_days INT64
-- @positive ARRAY<STRING>
-- @low INT64
-- @high INT64
-- include thresholds/valued

moments AS (
  SELECT lead_id, MIN(scored_at) AS as_of, TIMESTAMP_ADD(MIN(scored_at), INTERVAL @horizon_days DAY) AS matures_at
  FROM valued
  WHERE value IS NOT NULL
  GROUP BY lead_id
),

-- include outcomes/certain

SELECT
  CAST(LEAST(GREATEST(FLOOR(highest), @low - 1), @high) AS INT64) AS level,
  COUNT(*) AS leads,
  COUNTIF(converted) AS converted
FROM (
  SELECT c.lead_id, c.converted, MAX(v.value) AS highest
  FROM certain AS c
  JOIN valued AS v ON v.lead_id = c.lead_id
  WHERE v.scored_at < c.closed_at AND v.scored_at <= TIMESTAMP_ADD(c.as_of, INTERVAL @look_back_days DAY)
  GROUP BY c.lead_id, c.converted
)
GROUP BY level
ORDER BY level
