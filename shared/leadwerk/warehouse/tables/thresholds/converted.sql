-- Leads of a level whose outcome is certain, and how many of them converted within the horizon.
--
-- The level is the highest that a lead reached within @look_back_days of its first score and before its case was closed.
-- The same rules of certainty as scores/matured: the horizon has passed, the lead was open then, and it is closed by now.
--
-- @horizon_days INT64
-- @look_back_days INT64
-- @positive ARRAY<STRING>
-- @low INT64
-- @high INT64
-- include thresholds/valued

first_scores AS (
  SELECT lead_id, MIN(scored_at) AS first_at
  FROM valued
  WHERE value IS NOT NULL
  GROUP BY lead_id
  HAVING TIMESTAMP_ADD(MIN(scored_at), INTERVAL @horizon_days DAY) <= @as_of
),

known AS (
  SELECT lead_id, event_id, outcome, occurred_at, recorded_at
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
),

newest AS (
  SELECT lead_id, outcome
  FROM known
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

closed AS (
  SELECT
    k.lead_id,
    n.outcome,
    MIN(IF(k.outcome != 'open', k.occurred_at, NULL)) AS closed_at,
    MIN(IF(k.outcome IN UNNEST(@positive), k.occurred_at, NULL)) AS converted_at
  FROM known AS k
  JOIN newest AS n ON n.lead_id = k.lead_id
  GROUP BY k.lead_id, n.outcome
),

certain AS (
  SELECT
    f.lead_id,
    f.first_at,
    c.closed_at,
    COALESCE(c.converted_at <= TIMESTAMP_ADD(f.first_at, INTERVAL @horizon_days DAY), FALSE) AS converted
  FROM first_scores AS f
  JOIN closed AS c ON c.lead_id = f.lead_id
  WHERE c.closed_at > f.first_at
    AND (
      c.outcome != 'open'
      OR COALESCE(c.converted_at <= TIMESTAMP_ADD(f.first_at, INTERVAL @horizon_days DAY), FALSE)
    )
),

reached AS (
  SELECT c.lead_id, c.converted, MAX(v.value) AS highest
  FROM certain AS c
  JOIN valued AS v ON v.lead_id = c.lead_id
  WHERE v.scored_at < c.closed_at
    AND v.scored_at <= TIMESTAMP_ADD(c.first_at, INTERVAL @look_back_days DAY)
  GROUP BY c.lead_id, c.converted
)

SELECT
  CAST(LEAST(GREATEST(FLOOR(highest), @low - 1), @high) AS INT64) AS level,
  COUNT(*) AS leads,
  COUNTIF(converted) AS converted
FROM reached
GROUP BY level
ORDER BY level
