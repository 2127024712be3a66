-- Leads of one week, segment and time to first contact: how many came, are certain, were won, were HOT at first. Leads that
-- were erased since are counted on the first day of their month.
-- `week` counts from the first day. `wait_level` is the power of two of the hours to the first contact, null without one.
-- @first_day DATE
-- @created_since TIMESTAMP
-- @as_of TIMESTAMP
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- What leads are grouped by: language, region, channel, industry or seller; another word: not at all.
-- @segment STRING
WITH lead_versions AS (
  SELECT lead_id, person_key, created_at, language, region, channel, industry
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

-- include leads/counted_leads
,

counts AS (
  SELECT
    DIV(DATE_DIFF(DATE(created_at), @first_day, DAY), 7) AS week,
    CASE @segment
      WHEN 'language' THEN language
      WHEN 'region' THEN region
      WHEN 'channel' THEN channel
      WHEN 'industry' THEN industry
      WHEN 'seller' THEN seller
    END AS segment,
    wait_level,
    1 AS leads,
    IF(converted IS NULL, 0, 1) AS certain,
    IF(COALESCE(converted, FALSE), 1, 0) AS won,
    IF(is_hot, 1, 0) AS hot
  FROM counted_leads
  UNION ALL
  SELECT DIV(DATE_DIFF(day, @first_day, DAY), 7) AS week, value AS segment, wait_level, leads, certain, won, hot
  FROM leadwerk.anonymous_counts
  WHERE day BETWEEN @first_day AND DATE(@as_of) AND segment = @segment
)

SELECT
  week,
  segment,
  wait_level,
  SUM(leads) AS leads,
  SUM(certain) AS certain,
  SUM(won) AS won,
  SUM(hot) AS hot
FROM counts
GROUP BY week, segment, wait_level
ORDER BY week, segment, wait_level
