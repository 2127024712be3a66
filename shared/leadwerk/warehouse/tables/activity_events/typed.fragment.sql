-- The same events in the types of our table: page, host and origin as text, parameters as numbers and amounts.
typed AS (
  SELECT
    day,
    visitor_id,
    -- What sites send for nobody, and addresses and telephone numbers, which are nobody's id.
    IF(
      REGEXP_CONTAINS(
        user_id, r'(?i)^[\s"\x27(]*([0-]*|-1|none|null|nil|nan|undefined|true|false|unknown|anonymous|guest|n/?a|not.set|\[object .*)[\s"\x27)]*$'
      ) OR REGEXP_CONTAINS(user_id, r'(?i)@|%(?:25)*40|\{\{|\$\{|^\s*\+[0-9][0-9 ()/.-]{7,}\s*$'),
      NULL, REGEXP_REPLACE(user_id, r'^\s+|\s+$', '')
    ) AS user_id,
    TIMESTAMP_MICROS(event_timestamp) AS occurred_at,
    batch_page_id, batch_ordering_id, batch_event_index,
    event_name,
    REGEXP_REPLACE(CASE
      -- A screen of an app has a name and no address.
      WHEN COALESCE(page_location.string_value, '') = ''
        THEN COALESCE(NULLIF(screen.string_value, ''), NULLIF(screen_class.string_value, ''))
      -- What a server sends by the Measurement Protocol may be a path alone.
      -- Of an application that routes by the fragment, such as /app/#/rates, the route is the page.
      WHEN (STRPOS(page_location.string_value, '#/') > 0 OR STRPOS(page_location.string_value, '#!/') > 0)
        AND REGEXP_CONTAINS(page_location.string_value, r'^(?:[a-z-]+://|/)[^#]*#!?/') THEN CONCAT(
        REGEXP_REPLACE(
          COALESCE(REGEXP_EXTRACT(page_location.string_value, r'^(?:[a-z-]+://[^/?#]*)?(/[^?#]*)'), ''),
          r'/(?:index\.html?)?$', ''
        ),
        REGEXP_EXTRACT(page_location.string_value, r'^[^#]*#!?(/[^?#]*)')
      )
      ELSE COALESCE(REGEXP_EXTRACT(page_location.string_value, r'^(?:[a-z-]+://[^/?#]*)?(/[^?#]*)'), '/')
    -- Links in mails carry the reader's address, as in /unsubscribe/anna@example.ch: no page is stored with one.
    END, r'[^/]+(?:@|%(?:25)*40)[^/]+\.[^/]+', '(address)') AS page,
    COALESCE(hostname, REGEXP_EXTRACT(page_location.string_value, r'^[a-z-]+://([^/?#:]*)'), '') AS host,
    browser,
    COALESCE(traffic_type.string_value, CAST(traffic_type.int_value AS STRING), '') AS own,
    -- for each origin
    -- The first that says something counts; their order is ATTRIBUTIONS in pipeline/extract.py.
    CASE
      -- for each attribution
      WHEN ${attribution}_source NOT IN ('', '(not set)', '(data deleted)') THEN NULLIF(NULLIF(NULLIF(${attribution}_${origin}, ''), '(not set)'), '(data deleted)')
      -- end
    END AS ${origin},
    NULLIF(NULLIF(NULLIF(first_${origin}, ''), '(not set)'), '(data deleted)') AS first_${origin},
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
