-- Daily counts of what comes in, from @first_day to @last_day by the policy's clock; days without any have no row.
-- `kind`: leads (by channel), signals (visitors a day with a signal, touchpoints by kind), visits (of the web site), and
-- idle_visits (sessions of visitors with one page at most and no engagement, by source and device).
-- @first_day DATE
-- @last_day DATE
-- @created_since TIMESTAMP
-- @as_of TIMESTAMP
-- @time_zone STRING
WITH lead_versions AS (
  SELECT lead_id, channel, DATE(created_at, @time_zone) AS day
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

visitor_days AS (
  SELECT day, sessions, page_views, seconds, source, device_category, signals
  FROM leadwerk.activity_daily
  WHERE day BETWEEN @first_day AND @last_day
),

occurrences AS (
  SELECT 'leads' AS kind, COALESCE(channel, '') AS name, day, 1 AS events
  FROM lead_versions
  WHERE day BETWEEN @first_day AND @last_day
  UNION ALL
  SELECT 'visits' AS kind, '' AS name, day, sessions AS events
  FROM visitor_days
  UNION ALL
  SELECT
    'idle_visits' AS kind,
    CONCAT(COALESCE(source, ''), ' ', COALESCE(device_category, '')) AS name,
    day,
    IF(page_views <= 1 AND seconds < 1, sessions, 0) AS events
  FROM visitor_days
  UNION ALL
  SELECT 'signals' AS kind, s.name, v.day, 1 AS events
  FROM visitor_days AS v
  CROSS JOIN UNNEST(v.signals) AS s
  WHERE s.name IS NOT NULL
  UNION ALL
  SELECT 'touchpoints' AS kind, kind AS name, day, 1 AS events
  FROM leadwerk.touchpoints
  WHERE day BETWEEN @first_day AND @last_day AND recorded_at <= @as_of
)

SELECT kind, name, day, SUM(events) AS events
FROM occurrences
GROUP BY kind, name, day
ORDER BY kind, name, day
