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

exported AS (
  -- for each export with UNION ALL between
  SELECT
    CONCAT('2', _TABLE_SUFFIX) AS suffix,
    user_pseudo_id AS visitor_id, user_id, event_timestamp, event_name, event_params,
    -- Two events may differ in a parameter that no column keeps.
    FARM_FINGERPRINT(TO_JSON_STRING(event_params)) AS parameters,
    batch_page_id, batch_ordering_id, batch_event_index,
    device.web_info.hostname AS hostname,
    COALESCE(device.web_info.browser, device.browser, '') AS browser,
    device.category AS device_category, device.language AS device_language, geo.country AS country, geo.region AS region,
    CASE
      WHEN session_traffic_source_last_click.google_ads_campaign.campaign_id NOT IN ('', '(not set)') THEN 'gclid'
      WHEN session_traffic_source_last_click.google_ads_campaign.campaign_name NOT IN ('', '(not set)') THEN 'gclid'
      WHEN session_traffic_source_last_click.google_ads_campaign.customer_id NOT IN ('', '(not set)') THEN 'gclid'
      WHEN collected_traffic_source.gclid NOT IN ('', '(not set)') THEN 'gclid'
      WHEN collected_traffic_source.dclid NOT IN ('', '(not set)') THEN 'dclid'
    END AS collected_click,
    -- for each origin
    session_traffic_source_last_click.cross_channel_campaign.${origin} AS attributed_${origin},
    session_traffic_source_last_click.manual_campaign.${origin} AS tagged_${origin},
    collected_traffic_source.manual_${origin} AS collected_${origin},
    traffic_source.${origin} AS first_${origin},
    -- end
  -- include activity_events/tables
  AND event_name != ''
  AND user_pseudo_id != ''
  -- end
),

looked_up AS (
  SELECT
    d.day, e.*,
    -- for each parameter
    (SELECT p.value FROM UNNEST(e.event_params) AS p WITH OFFSET AS position
      WHERE p.key = @key_${parameter} ORDER BY position LIMIT 1) AS ${parameter},
    -- end
  FROM exported AS e
  JOIN days AS d ON d.suffix = e.suffix AND e.event_timestamp >= d.begins AND e.event_timestamp < d.ends
),

clicked AS (
  SELECT
    * EXCEPT (session_source, session_medium),
    session_source.string_value AS session_source, session_medium.string_value AS session_medium,
    -- gbraid, wbraid and msclkid have no column in the export: they stand in the address only.
    COALESCE(collected_click, IF(
      STRPOS(page_location.string_value, 'id=') > 0,
      REGEXP_EXTRACT(page_location.string_value, r'[?&](gclid|gbraid|wbraid|dclid|msclkid)=[^&#]'), NULL
    )) AS click
  FROM looked_up
),

-- A click id names the network that made it, an address without tags is enough.
attributed AS (
  SELECT
    * EXCEPT (click),
    CASE WHEN click = 'msclkid' THEN 'bing' WHEN click IS NOT NULL THEN 'google' END AS click_source,
    CASE WHEN click = 'dclid' THEN 'cpm' WHEN click IS NOT NULL THEN 'cpc' END AS click_medium
  FROM clicked
),

typed AS (
  SELECT
    day,
    visitor_id,
    -- What sites send for nobody, and addresses, which are nobody's id.
    IF(
      REGEXP_CONTAINS(
        user_id, r'(?i)^\s*(|0|-1|-|none|null|nil|nan|undefined|true|false|unknown|anonymous|guest|n/?a|\(?not set\)?|\[object .*)\s*$'
      ) OR REGEXP_CONTAINS(user_id, r'(?i)@|%40'),
      NULL, REGEXP_REPLACE(user_id, r'^\s+|\s+$', '')
    ) AS user_id,
    TIMESTAMP_MICROS(event_timestamp) AS occurred_at,
    batch_page_id, batch_ordering_id, batch_event_index,
    event_name,
    CASE
      -- A screen of an app has a name and no address.
      WHEN page_location.string_value IS NULL THEN COALESCE(screen.string_value, screen_class.string_value)
      -- Of an application that routes by the fragment, such as /app/#/rates, the route is the page.
      WHEN (STRPOS(page_location.string_value, '#/') > 0 OR STRPOS(page_location.string_value, '#!/') > 0)
        AND REGEXP_CONTAINS(page_location.string_value, r'^[a-z-]+://[^#]*#!?/') THEN CONCAT(
        REGEXP_REPLACE(
          COALESCE(REGEXP_EXTRACT(page_location.string_value, r'^[a-z-]+://[^/?#]*(/[^?#]*)'), ''),
          r'/(?:index\.html?)?$', ''
        ),
        REGEXP_EXTRACT(page_location.string_value, r'^[^#]*#!?(/[^?#]*)')
      )
      ELSE COALESCE(REGEXP_EXTRACT(page_location.string_value, r'^[a-z-]+://[^/?#]*(/[^?#]*)'), '/')
    END AS page,
    COALESCE(hostname, REGEXP_EXTRACT(page_location.string_value, r'^[a-z-]+://([^/?#:]*)'), '') AS host,
    browser,
    COALESCE(traffic_type.string_value, CAST(traffic_type.int_value AS STRING), '') AS own,
    -- for each origin
    CASE
      -- for each attribution
      WHEN ${attribution}_source NOT IN ('', '(not set)') THEN NULLIF(NULLIF(${attribution}_${origin}, ''), '(not set)')
      -- end
    END AS ${origin},
    NULLIF(NULLIF(first_${origin}, ''), '(not set)') AS first_${origin},
    -- end
    parameters,
    device_category, LOWER(SUBSTR(device_language, 1, 2)) AS language, country, region,
    -- for each number
    COALESCE(
      ${number}.double_value,
      ${number}.float_value,
      CAST(${number}.int_value AS FLOAT64),
      SAFE_CAST(${number}.string_value AS FLOAT64)
    ) AS ${number},
    -- end
    -- for each amount
    COALESCE(${amount}.double_value, ${amount}.float_value, CAST(${amount}.int_value AS FLOAT64)) AS ${amount},
    -- Of CHF 1'250'000.– and 350.000,00 € the digits; a point or comma before three digits parts thousands.
    IF(${amount}.string_value IS NULL, NULL, REPLACE(REGEXP_REPLACE(
      REGEXP_REPLACE(LOWER(${amount}.string_value), r"chf|eur|fr\.|€|['’\s\x{a0}\x{202f}]|[.,]?[-–—]*$", ''),
      r'^([1-9][0-9]{0,2})[.,]([0-9]{3})(?:[.,]([0-9]{3}))?(?:[.,]([0-9]{3}))?(?:[.,]([0-9]{1,2}))?$', r'\1\2\3\4.\5'
    ), ',', '.')) AS ${amount}_written,
    -- end
  FROM attributed
),

parsed AS (
  SELECT
    *,
    -- for each amount
    COALESCE(${amount}, SAFE_CAST(${amount}_written AS FLOAT64)) AS parsed_${amount},
    -- end
  FROM typed
),

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
