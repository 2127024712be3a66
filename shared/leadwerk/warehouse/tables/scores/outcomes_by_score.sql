-- One lead as a model version first scored it, and whether it converted within the horizon; only mature outcomes.
--
-- @first_day DATE
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
WITH moments AS (
  SELECT
    lead_id,
    model_version,
    scored_at AS as_of,
    TIMESTAMP_ADD(scored_at, INTERVAL @horizon_days DAY) AS matures_at,
    probability,
    predictive_score
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND basis = 'model'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, model_version ORDER BY scored_at, stored_at, score_id) = 1
),

-- include outcomes/mature
,

latest_version AS (
  SELECT lead_id, language, region, channel
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
)

SELECT
  m.lead_id, m.model_version, m.as_of AS scored_at, m.probability, m.predictive_score, m.converted,
  v.language, v.region, v.channel
FROM mature AS m
LEFT JOIN latest_version AS v ON v.lead_id = m.lead_id
