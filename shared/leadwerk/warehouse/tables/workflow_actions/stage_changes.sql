-- One change of a lead's stage after @since and by @as_of, with what a workflow asks about the lead.
-- @since TIMESTAMP
-- @first_day DATE
-- @as_of TIMESTAMP
-- include leads/latest
,
changes_of_stage AS (
  SELECT lead_id, changed_at, from_stage, to_stage, score_id
  FROM leadwerk.stage_changes
  WHERE day >= DATE(@since) AND changed_at > @since AND changed_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, changed_at ORDER BY to_stage, reason) = 1
),
score_then AS (
  SELECT lead_id, score_id, tier
  FROM leadwerk.scores
  WHERE day >= @first_day AND score_id IN (SELECT score_id FROM changes_of_stage)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY stored_at) = 1
)
SELECT
  c.lead_id,
  c.changed_at,
  c.from_stage,
  c.to_stage,
  c.score_id,
  score_then.tier,
  latest_lead.language,
  latest_lead.region,
  latest_lead.created_at,
  COALESCE(STARTS_WITH(latest_lead.event_id, 'import.'), FALSE) AS is_imported
FROM changes_of_stage AS c
LEFT JOIN score_then ON score_then.score_id = c.score_id
LEFT JOIN latest_lead ON latest_lead.lead_id = c.lead_id
ORDER BY c.changed_at, c.lead_id
