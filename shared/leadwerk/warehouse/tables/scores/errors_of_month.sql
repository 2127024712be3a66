-- Leads first scored by a model from @first_day until before @end_day whose matured outcome is not what their cluster
-- promised: HOT and not converted, or not HOT and converted; with the reasons of that score and the latest verdict.
--
-- @first_day DATE
-- @end_day DATE
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
-- How many of each kind, the most surprising first.
-- @most INT64
-- include objections/active
,

first_score AS (
  SELECT lead_id, score_id, scored_at, probability, predictive_score, score_cluster, reasons
  FROM leadwerk.scores
  WHERE day >= @first_day AND day < @end_day AND basis = 'model' AND score_cluster != 'CLOSED'
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

moments AS (
  SELECT lead_id, scored_at AS as_of, TIMESTAMP_ADD(scored_at, INTERVAL @horizon_days DAY) AS matures_at
  FROM first_score
),

-- include outcomes/mature
,

latest_verdict AS (
  SELECT lead_id, verdict, reason, reached
  FROM leadwerk.verdicts
  WHERE given_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY given_at DESC, event_id DESC) = 1
),

wrong_scores AS (
  SELECT
    s.lead_id,
    IF(m.converted, 'false_negative', 'false_positive') AS error,
    s.score_id,
    s.scored_at,
    s.probability,
    s.predictive_score,
    s.score_cluster,
    s.reasons,
    m.closed_at,
    t.reason AS lost_reason,
    v.verdict,
    v.reason AS verdict_reason,
    v.reached,
    IF(m.converted, 1.0 - s.probability, s.probability) AS surprise
  FROM first_score AS s
  JOIN mature AS m ON m.lead_id = s.lead_id
  LEFT JOIN latest_outcome AS t ON t.lead_id = s.lead_id
  LEFT JOIN latest_verdict AS v ON v.lead_id = s.lead_id
  WHERE m.converted != (s.score_cluster = 'HOT')
),

ranked_errors AS (
  SELECT w.*, ROW_NUMBER() OVER (PARTITION BY error ORDER BY surprise DESC, lead_id) AS place
  FROM wrong_scores AS w
)

SELECT * EXCEPT (surprise, place)
FROM ranked_errors
WHERE place <= @most
ORDER BY error, place
