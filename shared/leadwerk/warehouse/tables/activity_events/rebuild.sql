-- One deduplicated GA4 event of a human visitor; all of the days @first_day to @last_day.
-- Sessions that were already under way on the day before @first_day are read from the table itself.
--
-- Traffic that is not a visitor's.
-- @own_values ARRAY<STRING>
-- @hostnames ARRAY<STRING>
-- @bot_browsers STRING
-- @bot_events_per_day INT64
-- Amounts above are nonsense, as are longer engagements.
-- @largest_amount FLOAT64
-- @longest_engagement FLOAT64
-- Keys of event parameters.
-- for each parameter
-- @key_${parameter} STRING
-- end
-- Signals: event name and RE2 pattern of the page, null for any; those that count every event, not page views only.
-- for each signal
-- @event_${signal} STRING
-- @page_${signal} STRING
-- end
-- @counted_signals ARRAY<STRING>
-- include activity_events/days

-- include activity_events/attributed

-- include activity_events/typed

human AS (
  SELECT
    day, visitor_id, user_id, occurred_at, event_name, parameters, batch_page_id, batch_ordering_id, batch_event_index,
    IF(session_number > 0 AND session_number < 9e15, CAST(FLOOR(session_number) AS INT64), NULL) AS session_id,
    page,
    IF(engagement > 0 AND engagement / 1000 <= @longest_engagement, engagement / 1000, 0) AS seconds,
    IF(scroll BETWEEN 0 AND 100, CAST(FLOOR(scroll) AS INT64), NULL) AS scroll_percent,
    source, medium, first_source, first_medium, device_category, language, country, region,
    -- for each amount
    IF(parsed_${amount} > 0 AND parsed_${amount} <= @largest_amount, parsed_${amount}, NULL) AS ${amount},
    -- end
  FROM parsed
  WHERE own NOT IN UNNEST(@own_values)
    AND (ARRAY_LENGTH(@hostnames) = 0 OR host IN UNNEST(@hostnames))
    AND NOT REGEXP_CONTAINS(browser, @bot_browsers)
),

-- Events of one request have one timestamp, and may be equal but for their place in it or a parameter. Those that differ in
-- a parameter alone become equal rows: their order does not matter.
ranked AS (
  SELECT
    * EXCEPT (parameters, batch_page_id, batch_ordering_id, batch_event_index),
    CASE
      WHEN event_name IS NULL THEN CAST(NULL AS STRING)
      -- for each signal
      WHEN (@event_${signal} IS NULL OR event_name = @event_${signal})
        AND (@page_${signal} IS NULL OR REGEXP_CONTAINS(page, @page_${signal})) THEN '${signal}'
      -- end
    END AS signal,
    ROW_NUMBER() OVER in_order AS event_rank
  FROM (SELECT DISTINCT * FROM human)
  QUALIFY COUNT(*) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) <= @bot_events_per_day
  WINDOW in_order AS (
    PARTITION BY day, visitor_id
    ORDER BY
      occurred_at, batch_page_id, batch_ordering_id, batch_event_index, event_name, session_id, page, seconds, scroll_percent, user_id, source, medium, first_source,
      first_medium, device_category, language, country, region, loan_amount, property_value, income, instalment
  )
),

under_way AS (
  SELECT CONCAT(visitor_id, ' ', CAST(session_id AS STRING)) AS session
  FROM leadwerk.activity_events
  WHERE day = DATE_SUB(@first_day, INTERVAL 1 DAY) AND session_id IS NOT NULL
)

SELECT
  *,
  IF(signal IN UNNEST(@counted_signals) OR (signal IS NOT NULL AND event_name IN ('page_view', 'screen_view')), 1, 0) AS signal_count,
  session_id IS NOT NULL AND COALESCE(
    LAG(day) OVER (PARTITION BY visitor_id, session_id ORDER BY day, event_rank) < DATE_SUB(day, INTERVAL 1 DAY),
    day > @first_day OR CONCAT(visitor_id, ' ', CAST(session_id AS STRING)) NOT IN (SELECT session FROM under_way)
  ) AS session_start
FROM ranked
