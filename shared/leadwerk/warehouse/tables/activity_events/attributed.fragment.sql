-- Events of the days as the export has them, with the values of the parameters, and the network of a paid click.
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
      WHEN LOWER(collected_traffic_source.gclid) NOT IN ('', '(not set)', 'undefined', 'null', 'none') THEN 'gclid'
      WHEN LOWER(collected_traffic_source.dclid) NOT IN ('', '(not set)', 'undefined', 'null', 'none') THEN 'dclid'
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
    -- Scripts that pass on an id which the visitor lacks write undefined, or null.
    COALESCE(collected_click, IF(
      STRPOS(LOWER(page_location.string_value), 'id=') > 0,
      REGEXP_EXTRACT(
        REGEXP_REPLACE(LOWER(page_location.string_value), r'id=(?:undefined|null|none|(?:%28|\()not(?:%20|\+| )set(?:%29|\)))([&#]|$)', r'\1'),
        r'[?&](gclid|gbraid|wbraid|dclid|msclkid)=[^&#]'
      ), NULL
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
