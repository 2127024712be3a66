-- By how many leads of a language and region, and by what sum of their chances to convert, a level grew lately: since
-- @since, or if @settled since the first value of all if that is later. Who was closed before it would be missed.
--
-- A lead that rose from 45 to 52 is +1 at 52 and -1 at 45: summed from above, it counts for thresholds 46 to 52. A lead
-- that is older and had no value by then is left out: nobody knows what it would have been.
-- A lead that a person set HOT asks for a call whatever its value and age, one that he set WARM or COLD for none.
-- Levels beyond the limits stand at @low - 1 and @high. A row without a level stands for no change at all.
-- first_created_at: when the oldest lead of all came; began_at: since when was counted; valued: how many leads have a
-- value since @first_day.
--
-- @since TIMESTAMP
-- @settled BOOL
-- @low INT64
-- @high INT64
-- include thresholds/valued

known AS (
  SELECT lead_id, created_at, language, region
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

beginning AS (
  SELECT GREATEST(@since, COALESCE(MIN(IF(@settled AND value IS NOT NULL, scored_at, NULL)), @since)) AS began_at
  FROM valued
),

asked AS (
  SELECT
    lead_id,
    scored_at,
    probability,
    COALESCE(set_cluster = 'HOT', FALSE) AS set_hot,
    CASE set_cluster WHEN 'HOT' THEN @high WHEN 'WARM' THEN @low - 1 WHEN 'COLD' THEN @low - 1 ELSE value END AS value
  FROM valued
),

risen AS (
  SELECT
    v.lead_id,
    b.began_at,
    MAX(IF(v.scored_at <= b.began_at, v.value, NULL)) AS earlier,
    MAX(v.value) AS highest,
    LOGICAL_OR(v.set_hot AND v.scored_at > b.began_at) AS set_hot,
    MAX(v.probability) AS probability
  FROM asked AS v
  CROSS JOIN beginning AS b
  GROUP BY v.lead_id, b.began_at
),

counted AS (
  SELECT k.language, k.region, r.earlier, r.highest, COALESCE(r.probability, 0) AS probability
  FROM risen AS r
  JOIN known AS k ON k.lead_id = r.lead_id
  WHERE r.highest IS NOT NULL AND (r.earlier IS NOT NULL OR k.created_at >= r.began_at OR r.set_hot)
),

changes AS (
  SELECT language, region, highest AS reached, 1 AS leads, probability FROM counted
  UNION ALL
  SELECT language, region, earlier AS reached, -1 AS leads, -probability FROM counted WHERE earlier IS NOT NULL
),

levels AS (
  SELECT
    language,
    region,
    CAST(LEAST(GREATEST(FLOOR(reached), @low - 1), @high) AS INT64) AS level,
    leads,
    probability
  FROM changes
),

everything AS (
  SELECT MIN(k.created_at) AS first_created_at, COUNT(r.highest) AS valued
  FROM known AS k
  LEFT JOIN risen AS r ON r.lead_id = k.lead_id
)

SELECT
  l.language,
  l.region,
  l.level,
  SUM(l.leads) AS leads,
  SUM(l.probability) AS wins,
  MIN(e.first_created_at) AS first_created_at,
  MIN(b.began_at) AS began_at,
  MIN(e.valued) AS valued
FROM everything AS e
CROSS JOIN beginning AS b
LEFT JOIN levels AS l ON TRUE
GROUP BY l.language, l.region, l.level
ORDER BY l.language, l.region, l.level
