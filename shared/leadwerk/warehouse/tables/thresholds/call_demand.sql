-- For each language, region and ranking value: how many leads newly reached it since @since, and their expected conversions.
-- @settled: count from the first value of all instead if that is later, because leads closed before it have no value.
--
-- A lead that rose from 45 to 52 is +1 at 52 and -1 at 45: summed from above, it counts for thresholds 46 to 52. An older
-- lead without a value by then is left out: what its value was is unknown.
-- An override to HOT demands a call whatever the lead's value and age, one to WARM or COLD demands none.
-- Values beyond the limits count at @low - 1 and @high. A row without a value means no change at all.
-- first_created_at: creation of the oldest lead; began_at: start of the count; leads_with_value: counts since @first_day.
--
-- @since TIMESTAMP
-- @settled BOOL
-- @low INT64
-- @high INT64
-- include thresholds/ranking_value

-- include leads/latest
,

beginning AS (
  SELECT GREATEST(@since, COALESCE(MIN(IF(@settled AND value IS NOT NULL, scored_at, NULL)), @since)) AS began_at
  FROM ranking_values
),

demand_values AS (
  SELECT
    lead_id,
    scored_at,
    probability,
    COALESCE(override_cluster = 'HOT', FALSE) AS override_hot,
    CASE override_cluster WHEN 'HOT' THEN @high WHEN 'WARM' THEN @low - 1 WHEN 'COLD' THEN @low - 1 ELSE value END AS value
  FROM ranking_values
),

highest_values AS (
  SELECT
    v.lead_id,
    b.began_at,
    MAX(IF(v.scored_at <= b.began_at, v.value, NULL)) AS earlier,
    MAX(v.value) AS highest,
    LOGICAL_OR(v.override_hot AND v.scored_at > b.began_at) AS override_hot,
    MAX(v.probability) AS probability
  FROM demand_values AS v
  CROSS JOIN beginning AS b
  GROUP BY v.lead_id, b.began_at
),

newly_reaching AS (
  SELECT k.language, k.region, r.earlier, r.highest, COALESCE(r.probability, 0) AS probability
  FROM highest_values AS r
  JOIN latest_lead AS k ON k.lead_id = r.lead_id
  WHERE r.highest IS NOT NULL AND (r.earlier IS NOT NULL OR k.created_at >= r.began_at OR r.override_hot)
),

changes AS (
  SELECT language, region, highest AS reached, 1 AS leads, probability FROM newly_reaching
  UNION ALL
  SELECT language, region, earlier AS reached, -1 AS leads, -probability FROM newly_reaching WHERE earlier IS NOT NULL
),

clamped_changes AS (
  SELECT
    language,
    region,
    CAST(LEAST(GREATEST(FLOOR(reached), @low - 1), @high) AS INT64) AS value,
    leads,
    probability
  FROM changes
),

overall AS (
  SELECT MIN(k.created_at) AS first_created_at, COUNT(r.highest) AS leads_with_value
  FROM latest_lead AS k
  LEFT JOIN highest_values AS r ON r.lead_id = k.lead_id
)

SELECT
  l.language,
  l.region,
  l.value,
  SUM(l.leads) AS leads,
  SUM(l.probability) AS expected_conversions,
  MIN(e.first_created_at) AS first_created_at,
  MIN(b.began_at) AS began_at,
  MIN(e.leads_with_value) AS leads_with_value
FROM overall AS e
CROSS JOIN beginning AS b
LEFT JOIN clamped_changes AS l ON TRUE
GROUP BY l.language, l.region, l.value
ORDER BY l.language, l.region, l.value
