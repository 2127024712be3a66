-- One visitor on one day, of the days @first_day to @last_day.
-- Sums are of whole milliseconds and to the cent: a sum of fractions depends on the order, which no engine promises.
--
-- @first_day DATE
-- @last_day DATE
-- @time_zone STRING
WITH signals AS (
  SELECT
    day,
    visitor_id,
    signal AS name,
    SUM(signal_count) AS events,
    SUM(CAST(ROUND(seconds * 1000) AS INT64)) / 1000 AS seconds,
    MAX(occurred_at) AS last_at
  FROM leadwerk.activity_events
  WHERE day BETWEEN @first_day AND @last_day AND signal IS NOT NULL
  GROUP BY day, visitor_id, signal
),

signal_lists AS (
  SELECT day, visitor_id, ARRAY_AGG(STRUCT(name, events, seconds, last_at) ORDER BY name) AS signals
  FROM signals
  GROUP BY day, visitor_id
),

days AS (
  SELECT
    day,
    visitor_id,
    MIN(occurred_at) AS first_at,
    MAX(occurred_at) AS last_at,
    COUNT(*) AS events,
    COUNTIF(session_start) AS sessions,
    COUNTIF(event_name IN ('page_view', 'screen_view')) AS page_views,
    SUM(CAST(ROUND(seconds * 1000) AS INT64)) / 1000 AS seconds,
    MAX(scroll_percent) AS scroll_percent,
    ANY_VALUE(source HAVING MIN IF(source IS NULL, NULL, event_rank)) AS source,
    ANY_VALUE(IF(source IS NULL, NULL, medium) HAVING MIN IF(source IS NULL, NULL, event_rank)) AS medium,
    ANY_VALUE(first_source HAVING MIN IF(first_source IS NULL, NULL, event_rank)) AS first_source,
    ANY_VALUE(IF(first_source IS NULL, NULL, first_medium) HAVING MIN IF(first_source IS NULL, NULL, event_rank)) AS first_medium,
    ANY_VALUE(device_category HAVING MAX IF(device_category IS NULL, NULL, event_rank)) AS device_category,
    ANY_VALUE(language HAVING MAX IF(language IS NULL, NULL, event_rank)) AS language,
    COUNT(loan_amount) AS uses,
    ROUND(SUM(loan_amount) * 100) / 100 AS loan_amount_sum,
    -- for each amount
    ANY_VALUE(${amount} HAVING MAX IF(${amount} IS NULL, NULL, event_rank)) AS ${amount},
    -- end
    COUNT(COALESCE(loan_amount, property_value, income, instalment)) AS calculations
  FROM leadwerk.activity_events
  WHERE day BETWEEN @first_day AND @last_day
  GROUP BY day, visitor_id
)

SELECT
  d.day,
  d.visitor_id,
  d.first_at,
  d.last_at,
  d.events,
  d.sessions,
  d.page_views,
  d.seconds,
  d.scroll_percent,
  d.source,
  d.medium,
  d.first_source,
  d.first_medium,
  d.device_category,
  d.language,
  EXTRACT(HOUR FROM d.first_at AT TIME ZONE @time_zone) AS first_hour,
  MOD(EXTRACT(DAYOFWEEK FROM d.day) + 5, 7) + 1 AS weekday,
  s.signals,
  IF(
    d.calculations = 0, NULL,
    STRUCT(d.uses, d.loan_amount_sum, d.loan_amount, d.property_value, d.income, d.instalment)
  ) AS calculator
FROM days AS d
LEFT JOIN signal_lists AS s ON s.day = d.day AND s.visitor_id = d.visitor_id
