-- By how many leads of a language and region, and by what sum of their chances to convert, a level grew since @since.
--
-- A lead that rose from 45 to 52 is +1 at 52 and -1 at 45: summed from above, it counts for thresholds 46 to 52. A lead
-- that is older than @since and had no value before it is left out: nobody knows what it would have been.
-- Levels beyond the limits stand at @low - 1 and @high. A row without a level stands for no change at all.
-- first_created_at: when the oldest lead of all came; valued: how many leads have a value since @first_day.
--
-- @since TIMESTAMP
-- @low INT64
-- @high INT64
-- include thresholds/valued

known AS (
  SELECT lead_id, created_at, language, region
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

risen AS (
  SELECT
    lead_id,
    MAX(IF(scored_at < @since, value, NULL)) AS earlier,
    MAX(value) AS highest,
    MAX(probability) AS probability
  FROM valued
  GROUP BY lead_id
),

counted AS (
  SELECT k.language, k.region, r.earlier, r.highest, COALESCE(r.probability, 0) AS probability
  FROM risen AS r
  JOIN known AS k ON k.lead_id = r.lead_id
  WHERE r.highest IS NOT NULL AND (r.earlier IS NOT NULL OR k.created_at >= @since)
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
  MIN(e.valued) AS valued
FROM everything AS e
LEFT JOIN levels AS l ON TRUE
GROUP BY l.language, l.region, l.level
ORDER BY l.language, l.region, l.level
