-- Leads of one week, segment and time to first contact: how many came, are certain, were won, were HOT at first.
-- `week` counts from @first_day. `wait_level` is the power of two of the hours to the first contact, null without one.
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
  SELECT lead_id, created_at, language, region, channel, industry
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

-- include picks/first
,

first_score AS (
  SELECT lead_id, score_cluster, predictive_score
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

-- include outcomes/contacts where reached
,

first_contact AS (
  SELECT lead_id, MIN(contacted_at) AS contacted_at
  FROM contacts
  GROUP BY lead_id
),

moments AS (
  SELECT lead_id, created_at AS as_of, TIMESTAMP_ADD(created_at, INTERVAL @horizon_days DAY) AS matures_at
  FROM lead_versions
),

-- include outcomes/mature
,

lead_rows AS (
  SELECT
    DIV(DATE_DIFF(DATE(k.created_at), @first_day, DAY), 7) AS week,
    CASE @segment
      WHEN 'language' THEN k.language
      WHEN 'region' THEN k.region
      WHEN 'channel' THEN k.channel
      WHEN 'industry' THEN k.industry
      WHEN 'seller' THEN p.seller
    END AS segment,
    TIMESTAMP_DIFF(c.contacted_at, k.created_at, MINUTE) AS waited,
    m.converted,
    s.score_cluster
  FROM lead_versions AS k
  LEFT JOIN mature AS m ON m.lead_id = k.lead_id
  LEFT JOIN first_contact AS c ON c.lead_id = k.lead_id
  LEFT JOIN first_pick AS p ON p.lead_id = k.lead_id
  LEFT JOIN first_score AS s ON s.lead_id = k.lead_id
),

levelled_leads AS (
  SELECT
    week,
    segment,
    CASE
      WHEN waited IS NULL THEN NULL
      WHEN waited <= 60 THEN 0
      WHEN waited <= 120 THEN 1
      WHEN waited <= 240 THEN 2
      WHEN waited <= 480 THEN 3
      WHEN waited <= 960 THEN 4
      WHEN waited <= 1920 THEN 5
      WHEN waited <= 3840 THEN 6
      WHEN waited <= 7680 THEN 7
      ELSE 8
    END AS wait_level,
    converted,
    score_cluster
  FROM lead_rows
)

SELECT
  week,
  segment,
  wait_level,
  COUNT(*) AS leads,
  COUNTIF(converted IS NOT NULL) AS certain,
  COUNTIF(COALESCE(converted, FALSE)) AS won,
  COUNTIF(COALESCE(score_cluster = 'HOT', FALSE)) AS hot
FROM levelled_leads
GROUP BY week, segment, wait_level
ORDER BY week, segment, wait_level
