-- One score of a lead made after @since and by @as_of, with the score before it and what a workflow asks about the lead.
-- @since TIMESTAMP
-- @first_day DATE
-- @as_of TIMESTAMP
-- include leads/latest
,
ordered_scores AS (
  SELECT
    lead_id, score_id, scored_at, score_cluster, predictive_score, points, tier,
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) AS place
  FROM leadwerk.scores
  WHERE day >= @first_day
    AND scored_at <= @as_of
    AND lead_id IN (SELECT lead_id FROM leadwerk.scores WHERE day >= DATE(@since) AND scored_at > @since)
)
SELECT
  s.lead_id,
  s.score_id,
  s.scored_at,
  s.score_cluster,
  COALESCE(CAST(s.predictive_score AS FLOAT64), s.points) AS ranking_value,
  s.tier,
  previous.score_cluster AS cluster_before,
  COALESCE(CAST(previous.predictive_score AS FLOAT64), previous.points) AS ranking_value_before,
  latest_lead.language,
  latest_lead.region,
  latest_lead.created_at,
  COALESCE(STARTS_WITH(latest_lead.event_id, 'import.'), FALSE) AS is_imported
FROM ordered_scores AS s
LEFT JOIN ordered_scores AS previous ON previous.lead_id = s.lead_id AND previous.place = s.place - 1
LEFT JOIN latest_lead ON latest_lead.lead_id = s.lead_id
WHERE s.scored_at > @since
ORDER BY s.scored_at, s.lead_id, s.score_id
