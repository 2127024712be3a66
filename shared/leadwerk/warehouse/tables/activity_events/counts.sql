-- Counts of the export's rows of one day, by what became of them, for the days @first_day to @last_day.
-- The first reason that applies counts. Missing events of a visitor who was kept are duplicates; all events of a visitor who
-- was not kept are a bot's, because there were too many.
--
-- @own_values ARRAY<STRING>
-- @hostnames ARRAY<STRING>
-- @bot_browsers STRING
-- @key_page_location STRING
-- @key_traffic_type STRING
-- include activity_events/days

exported AS (
  -- for each export with UNION ALL between
  SELECT
    CONCAT('2', _TABLE_SUFFIX) AS suffix,
    user_pseudo_id AS visitor_id, event_timestamp, event_name, event_params,
    device.web_info.hostname AS hostname,
    COALESCE(device.web_info.browser, device.browser, '') AS browser,
  -- include activity_events/tables
  -- end
),

sorted AS (
  SELECT
    d.day,
    e.visitor_id,
    CASE
      WHEN NOT COALESCE(e.event_timestamp >= d.begins AND e.event_timestamp < d.ends AND e.event_name != '', FALSE)
        THEN 'unusable'
      WHEN COALESCE(e.visitor_id, '') = '' THEN 'without_visitor'
      WHEN COALESCE(e.traffic_type.string_value, CAST(e.traffic_type.int_value AS STRING), '') IN UNNEST(@own_values)
        OR (ARRAY_LENGTH(@hostnames) > 0 AND COALESCE(
          e.hostname, REGEXP_EXTRACT(e.page_location.string_value, r'^[a-z-]+://([^/?#:]*)'), ''
        ) NOT IN UNNEST(@hostnames)) THEN 'own'
      WHEN REGEXP_CONTAINS(e.browser, @bot_browsers) THEN 'bot'
      ELSE 'visitor'
    END AS kind
  FROM (
    SELECT
      suffix, visitor_id, event_timestamp, event_name, hostname, browser,
      (SELECT p.value FROM UNNEST(event_params) AS p WITH OFFSET AS position
        WHERE p.key = @key_traffic_type ORDER BY position LIMIT 1) AS traffic_type,
      IF(ARRAY_LENGTH(@hostnames) = 0, NULL, (SELECT p.value FROM UNNEST(event_params) AS p WITH OFFSET AS position
        WHERE p.key = @key_page_location ORDER BY position LIMIT 1)) AS page_location,
    FROM exported
  ) AS e
  JOIN days AS d ON d.suffix = e.suffix
),

visitors AS (
  SELECT day, visitor_id, kind, COUNT(*) AS events
  FROM sorted
  GROUP BY day, visitor_id, kind
),

reads AS (
  SELECT
    v.day,
    SUM(v.events) AS events_read,
    SUM(IF(v.kind = 'unusable', v.events, 0)) AS unusable,
    SUM(IF(v.kind = 'without_visitor', v.events, 0)) AS without_visitor,
    SUM(IF(v.kind = 'own', v.events, 0)) AS own_traffic,
    SUM(IF(v.kind = 'bot' OR (v.kind = 'visitor' AND k.visitor_id IS NULL), v.events, 0)) AS bots,
    SUM(IF(v.kind = 'visitor' AND k.visitor_id IS NOT NULL, v.events - k.events, 0)) AS duplicates,
    SUM(IF(v.kind = 'visitor', COALESCE(k.events, 0), 0)) AS events_kept,
    COUNTIF(v.kind = 'visitor' AND k.visitor_id IS NOT NULL) AS visitors
  FROM visitors AS v
  LEFT JOIN leadwerk.activity_daily AS k
    ON k.day = v.day AND k.visitor_id = v.visitor_id AND k.day BETWEEN @first_day AND @last_day
  GROUP BY v.day
)

SELECT
  days.day,
  -- for each count
  COALESCE(reads.${count}, 0) AS ${count},
  -- end
FROM days
LEFT JOIN reads ON reads.day = days.day
ORDER BY day
