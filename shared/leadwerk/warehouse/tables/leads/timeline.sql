-- One event of a lead since @first_day: a score, status, stage, delivery, pick, override, verdict, touchpoint or visit;
-- or another lead of the same person became known.
-- What the columns hold follows from `kind`: `subject` a name, `detail` words, `until` an end, `value` a figure.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
WITH score_events AS (
  SELECT
    'score' AS kind, scored_at AS happened_at, score_cluster AS subject, decided_by AS detail,
    CAST(NULL AS TIMESTAMP) AS until, CAST(predictive_score AS FLOAT64) AS value, probability AS second_value,
    points AS third_value, hot_threshold AS threshold, score_id AS event_id
  FROM leadwerk.scores
  WHERE lead_id = @lead_id AND day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY stored_at DESC) = 1
),

status_events AS (
  SELECT
    'status' AS kind, occurred_at AS happened_at, status AS subject, reason AS detail,
    CAST(NULL AS TIMESTAMP) AS until, CAST(NULL AS FLOAT64) AS value, CAST(NULL AS FLOAT64) AS second_value,
    CAST(NULL AS FLOAT64) AS third_value, CAST(NULL AS INT64) AS threshold, event_id
  FROM leadwerk.outcomes
  WHERE lead_id = @lead_id AND day >= @first_day AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY recorded_at) = 1
),

pick_events AS (
  SELECT
    CONCAT('pick.', kind) AS kind, occurred_at AS happened_at, seller AS subject, taken_from AS detail,
    expires_at AS until, CAST(NULL AS FLOAT64) AS value, CAST(NULL AS FLOAT64) AS second_value,
    CAST(NULL AS FLOAT64) AS third_value, CAST(NULL AS INT64) AS threshold, event_id
  FROM leadwerk.picks
  WHERE lead_id = @lead_id AND day >= @first_day AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY recorded_at) = 1
),

override_events AS (
  SELECT
    'override' AS kind, set_at AS happened_at, author AS subject, reason AS detail, ends_at AS until,
    CAST(NULL AS FLOAT64) AS value, CAST(NULL AS FLOAT64) AS second_value, CAST(NULL AS FLOAT64) AS third_value,
    CAST(NULL AS INT64) AS threshold, COALESCE(cluster, '') AS event_id
  FROM leadwerk.overrides AS o
  WHERE lead_id = @lead_id AND DATE(set_at) >= @first_day AND set_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY o.event_id ORDER BY o.set_at) = 1
),

verdict_events AS (
  SELECT
    'verdict' AS kind, given_at AS happened_at, seller AS subject, note AS detail, CAST(NULL AS TIMESTAMP) AS until,
    IF(reached, 1.0, 0.0) AS value, CAST(NULL AS FLOAT64) AS second_value, CAST(NULL AS FLOAT64) AS third_value,
    CAST(NULL AS INT64) AS threshold, COALESCE(verdict, '') AS event_id
  FROM leadwerk.verdicts AS v
  WHERE lead_id = @lead_id AND day >= @first_day AND given_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY v.event_id ORDER BY v.given_at) = 1
),

touchpoint_events AS (
  SELECT
    'touchpoint' AS kind, occurred_at AS happened_at, kind AS subject, CAST(NULL AS STRING) AS detail,
    CAST(NULL AS TIMESTAMP) AS until, CAST(NULL AS FLOAT64) AS value, CAST(NULL AS FLOAT64) AS second_value,
    CAST(NULL AS FLOAT64) AS third_value, CAST(NULL AS INT64) AS threshold, event_id
  FROM leadwerk.touchpoints
  WHERE lead_id = @lead_id AND day >= @first_day AND recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY recorded_at) = 1
),

-- Behaviour belongs to a person only with consent, and from the link on.
consenting_lead AS (
  SELECT lead_id, web_consent
  FROM leadwerk.leads
  WHERE lead_id = @lead_id AND recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

own_visitors AS (
  SELECT DISTINCT i.visitor_id
  FROM leadwerk.identities AS i
  JOIN consenting_lead AS c ON c.lead_id = i.lead_id AND c.web_consent
  WHERE i.lead_id = @lead_id AND i.linked_at <= @as_of
),

visit_events AS (
  SELECT
    'visit' AS kind, a.last_at AS happened_at, CAST(NULL AS STRING) AS subject, CAST(NULL AS STRING) AS detail,
    CAST(NULL AS TIMESTAMP) AS until, CAST(a.page_views AS FLOAT64) AS value, a.seconds AS second_value,
    CAST(a.sessions AS FLOAT64) AS third_value, CAST(NULL AS INT64) AS threshold, a.visitor_id AS event_id
  FROM leadwerk.activity_daily AS a
  JOIN own_visitors AS o ON o.visitor_id = a.visitor_id
  WHERE a.day >= @first_day AND a.last_at <= @as_of
),

-- include leads/same_person
,

same_person_events AS (
  SELECT
    'same_person' AS kind, happened_at, other_lead_id AS subject, CAST(NULL AS STRING) AS detail,
    CAST(NULL AS TIMESTAMP) AS until, CAST(NULL AS FLOAT64) AS value, CAST(NULL AS FLOAT64) AS second_value,
    CAST(NULL AS FLOAT64) AS third_value, CAST(NULL AS INT64) AS threshold, other_lead_id AS event_id
  FROM same_person
),

all_events AS (
  SELECT * FROM score_events
  UNION ALL SELECT * FROM status_events
  UNION ALL SELECT * FROM pick_events
  UNION ALL SELECT * FROM override_events
  UNION ALL SELECT * FROM verdict_events
  UNION ALL SELECT * FROM touchpoint_events
  UNION ALL SELECT * FROM visit_events
  UNION ALL SELECT * FROM same_person_events
)

SELECT kind, happened_at, subject, detail, until, value, second_value, third_value, threshold, event_id
FROM all_events
ORDER BY happened_at, kind, event_id
