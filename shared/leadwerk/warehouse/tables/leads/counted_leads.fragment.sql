-- Leads of `lead_versions` as the results count them: time to first contact, first seller, first score, and whether the lead
-- converted (null: not certain yet). A person with several leads counts once: with the one that converted, else the last.
-- `wait_level` is the power of two of the hours to the first contact, null without one.
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
    k.lead_id, k.person_key, k.created_at, k.language, k.region, k.channel, k.industry, p.seller,
    TIMESTAMP_DIFF(c.contacted_at, k.created_at, MINUTE) AS waited,
    m.converted,
    COALESCE(s.score_cluster = 'HOT', FALSE) AS is_hot
  FROM lead_versions AS k
  LEFT JOIN mature AS m ON m.lead_id = k.lead_id
  LEFT JOIN first_contact AS c ON c.lead_id = k.lead_id
  LEFT JOIN first_pick AS p ON p.lead_id = k.lead_id
  LEFT JOIN first_score AS s ON s.lead_id = k.lead_id
),

counted_leads AS (
  SELECT
    * EXCEPT (waited, person_key),
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
    END AS wait_level
  FROM lead_rows
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY COALESCE(person_key, lead_id) ORDER BY COALESCE(converted, FALSE) DESC, created_at DESC, lead_id
  ) = 1
)
