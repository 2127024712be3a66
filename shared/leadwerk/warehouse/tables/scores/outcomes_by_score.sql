-- One lead as a model version first scored it, and whether it converted within the horizon; only mature outcomes.
-- `device`: of the lead's last visit before the score, where the lead is linked to a visitor.
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
),

latest_device AS (
  SELECT m.lead_id, m.model_version, a.device_category AS device
  FROM mature AS m
  JOIN leadwerk.identities AS i ON i.lead_id = m.lead_id
  JOIN leadwerk.activity_daily AS a ON a.visitor_id = i.visitor_id
  WHERE a.day >= @first_day AND a.last_at <= m.as_of AND i.linked_at <= @as_of AND a.device_category IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY m.lead_id, m.model_version ORDER BY a.last_at DESC, a.visitor_id) = 1
)

SELECT
  m.lead_id, m.model_version, m.as_of AS scored_at, m.probability, m.predictive_score, m.converted,
  v.language, v.region, v.channel, d.device
FROM mature AS m
LEFT JOIN latest_version AS v ON v.lead_id = m.lead_id
LEFT JOIN latest_device AS d ON d.lead_id = m.lead_id AND d.model_version = m.model_version
