-- The threshold of each basis and seller pool: the latest decision by @as_of, and a person's hold if there is one.
-- @threshold_since DATE
-- @day DATE
-- @as_of TIMESTAMP
WITH latest_decision AS (
  SELECT day, decided_at, basis, seller_pool, hot, wanted, direction, calls_per_week, capacity_per_week, reason
  FROM leadwerk.thresholds
  WHERE day >= @threshold_since AND decided_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY basis, seller_pool ORDER BY day DESC, decided_at DESC) = 1
),

latest_hold AS (
  SELECT set_at, basis, seller_pool, hot, until, author, reason
  FROM leadwerk.threshold_holds
  WHERE set_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY basis, seller_pool ORDER BY set_at DESC) = 1
),

latest_threshold AS (
  SELECT
    FALSE AS is_hold,
    day,
    decided_at,
    basis,
    seller_pool,
    hot,
    wanted,
    direction,
    calls_per_week,
    capacity_per_week,
    reason,
    CAST(NULL AS DATE) AS until,
    CAST(NULL AS STRING) AS author,
    CAST(NULL AS STRING) AS hold_reason
  FROM latest_decision
  UNION ALL
  SELECT
    TRUE AS is_hold,
    @day AS day,
    set_at AS decided_at,
    basis,
    seller_pool,
    hot,
    hot AS wanted,
    0 AS direction,
    CAST(NULL AS FLOAT64) AS calls_per_week,
    CAST(NULL AS FLOAT64) AS capacity_per_week,
    'set' AS reason,
    until,
    author,
    latest_hold.reason AS hold_reason
  FROM latest_hold
  WHERE hot IS NOT NULL AND (until IS NULL OR until >= @day)
)
