-- What stands for one basis and segment: the newest threshold decided by @as_of, and a hold of a person if there is one.
-- @first_day DATE
-- @day DATE
-- @as_of TIMESTAMP
WITH decided AS (
  SELECT day, decided_at, basis, segment, hot, wanted, direction, calls_per_week, capacity_per_week, reason
  FROM leadwerk.thresholds
  WHERE day >= @first_day AND decided_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY basis, segment ORDER BY day DESC, decided_at DESC) = 1
),

said AS (
  SELECT set_at, basis, segment, hot, until, author, why
  FROM leadwerk.threshold_holds
  WHERE set_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY basis, segment ORDER BY set_at DESC) = 1
)

SELECT
  FALSE AS held,
  day,
  decided_at,
  basis,
  segment,
  hot,
  wanted,
  direction,
  calls_per_week,
  capacity_per_week,
  reason,
  CAST(NULL AS DATE) AS until,
  CAST(NULL AS STRING) AS author,
  CAST(NULL AS STRING) AS why
FROM decided
UNION ALL
SELECT
  TRUE AS held,
  @day AS day,
  set_at AS decided_at,
  basis,
  segment,
  hot,
  hot AS wanted,
  0 AS direction,
  CAST(NULL AS FLOAT64) AS calls_per_week,
  CAST(NULL AS FLOAT64) AS capacity_per_week,
  'set' AS reason,
  until,
  author,
  why
FROM said
WHERE hot IS NOT NULL AND (until IS NULL OR until >= @day)
