-- The latest score of one lead at @as_of, with what a workflow asks about the lead.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
-- include leads/latest where lead_id = @lead_id
,
latest_score AS (
  SELECT *
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND lead_id = @lead_id
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)
SELECT
  s.lead_id,
  s.score_id,
  s.predictive_score,
  s.points,
  s.score_cluster,
  s.recommended_action,
  s.stage,
  s.tier,
  s.reasons,
  latest_lead.language,
  latest_lead.region
FROM latest_score AS s
LEFT JOIN latest_lead ON latest_lead.lead_id = s.lead_id
