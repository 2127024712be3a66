-- One ranking value: how many leads with a mature outcome reached it, and how many of them converted within the horizon.
--
-- A lead counts at the highest value that it reached within @look_back_days of its first score and before it was closed.
--
-- @horizon_days INT64
-- @look_back_days INT64
-- @positive ARRAY<STRING>
-- @low INT64
-- @high INT64
-- include thresholds/ranking_value

moments AS (
  SELECT lead_id, MIN(scored_at) AS as_of, TIMESTAMP_ADD(MIN(scored_at), INTERVAL @horizon_days DAY) AS matures_at
  FROM ranking_values
  WHERE value IS NOT NULL
  GROUP BY lead_id
),

-- include outcomes/mature

SELECT
  CAST(LEAST(GREATEST(FLOOR(highest), @low - 1), @high) AS INT64) AS value,
  COUNT(*) AS leads,
  COUNTIF(converted) AS converted
FROM (
  SELECT c.lead_id, c.converted, MAX(v.value) AS highest
  FROM mature AS c
  JOIN ranking_values AS v ON v.lead_id = c.lead_id
  WHERE v.scored_at < c.closed_at AND v.scored_at <= TIMESTAMP_ADD(c.as_of, INTERVAL @look_back_days DAY)
  GROUP BY c.lead_id, c.converted
)
GROUP BY value
ORDER BY value
