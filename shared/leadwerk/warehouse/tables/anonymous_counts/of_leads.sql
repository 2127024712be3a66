-- What remains of leads in the results once they are erased: counts by month, trait and time to first contact.
-- A trait that too few leads of the month share is left out (null), for it could name a person.
-- @lead_ids ARRAY<STRING>
-- @smallest_group INT64
-- @first_day DATE
-- @created_since TIMESTAMP
-- @as_of TIMESTAMP
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
WITH lead_versions AS (
  SELECT lead_id, person_key, created_at, language, region, channel, industry
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

-- include leads/counted_leads
,

monthly_leads AS (
  SELECT
    *, DATE_SUB(DATE(created_at), INTERVAL EXTRACT(DAY FROM DATE(created_at)) - 1 DAY) AS day
  FROM counted_leads
),

traits AS (
  SELECT
    lead_id, day, wait_level, converted, is_hot,
    'none' AS segment, CAST(NULL AS STRING) AS value, 0 AS sharing
  FROM monthly_leads
  -- for each trait
  UNION ALL
  SELECT
    lead_id, day, wait_level, converted, is_hot,
    '${trait}' AS segment, ${trait} AS value,
    COUNT(*) OVER (PARTITION BY day, ${trait}) AS sharing
  FROM monthly_leads
  -- end
),

kept_traits AS (
  SELECT day, segment, IF(sharing >= @smallest_group, value, NULL) AS value, wait_level, converted, is_hot
  FROM traits
  WHERE lead_id IN UNNEST(@lead_ids)
)

SELECT
  day, segment, value, wait_level,
  COUNT(*) AS leads,
  COUNTIF(converted IS NOT NULL) AS certain,
  COUNTIF(COALESCE(converted, FALSE)) AS won,
  COUNTIF(is_hot) AS hot
FROM kept_traits
GROUP BY day, segment, value, wait_level
ORDER BY day, segment, value, wait_level
