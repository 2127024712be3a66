-- The latest score of one lead at @as_of that the CRM does not have yet, and how often sending it was tried.
-- Later scores (a wrong clock, a replay) are left out: they would hide all that are made until then.
-- @every_lead BOOL
-- @lead_ids ARRAY<STRING>
-- @every_state BOOL
-- @retry_dead_letters BOOL
-- @dead_letter_code STRING
-- @without ARRAY<STRING>
-- @most INT64
-- Without model and rules only leads that have or had an override change.
-- include scores/latest where (@every_lead OR lead_id IN UNNEST(@lead_ids)) AND (basis <> 'no_champion' OR lead_id IN (SELECT lead_id FROM leadwerk.overrides))
,

-- include deliveries/latest_of_score where @every_lead OR lead_id IN UNNEST(@lead_ids)
,

-- include deliveries/latest_of_lead where @every_lead OR lead_id IN UNNEST(@lead_ids)
,

-- include leads/gone where @every_lead OR lead_id IN UNNEST(@lead_ids)
,

-- The score of one lead before its latest.
score_before AS (
  SELECT lead_id, score_id
  FROM leadwerk.scores
  WHERE day >= @scored_since AND scored_at <= @as_of AND (@every_lead OR lead_id IN UNNEST(@lead_ids))
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 2
),

-- What the CRM shows is certain only where the last attempt at any score of the lead succeeded (one that got no answer may
-- have taken effect), and no score lies between that one and the latest: a run that was killed may have sent it unrecorded.
last_of_lead AS (
  SELECT
    a.lead_id,
    a.crm_record_id AS record_id,
    IF(a.state IN ('sent', 'same') AND a.score_id IN (b.score_id, l.score_id), a.payload_hash, NULL) AS shown_hash
  FROM latest_attempt_at_lead AS a
  INNER JOIN latest_score AS l ON l.lead_id = a.lead_id
  LEFT JOIN score_before AS b ON b.lead_id = a.lead_id
)

SELECT
  latest_score.lead_id,
  latest_score.score_id,
  latest_score.scored_at,
  latest_score.predictive_score,
  latest_score.score_cluster,
  latest_score.recommended_action,
  latest_score.probability,
  latest_score.points,
  latest_score.matrix_cell,
  latest_score.tier,
  latest_score.stage,
  latest_score.traffic_light,
  latest_score.reasons,
  COALESCE(latest_attempt.attempt, 0) AS attempts,
  latest_attempt.state AS last_state,
  latest_attempt.http_status AS last_http_status,
  latest_attempt.next_attempt_at,
  last_of_lead.shown_hash,
  last_of_lead.record_id
FROM latest_score
LEFT JOIN latest_attempt ON latest_attempt.score_id = latest_score.score_id
LEFT JOIN last_of_lead ON last_of_lead.lead_id = latest_score.lead_id
WHERE latest_score.score_id NOT IN UNNEST(@without)
  AND latest_score.lead_id NOT IN (SELECT lead_id FROM gone_lead)
  AND (
    @every_state
    OR latest_attempt.state IS NULL
    OR latest_attempt.state IN ('retry', 'repair')
    OR (
      latest_attempt.state = 'dead_letter'
      AND @retry_dead_letters
      AND (@dead_letter_code = '' OR COALESCE(latest_attempt.crm_code, 'refused') = @dead_letter_code)
    )
  )
-- Never tried (NULL) comes first; among those the best leads, because sellers call them first.
ORDER BY latest_attempt.next_attempt_at, latest_score.predictive_score DESC, latest_score.points DESC, latest_score.lead_id
LIMIT @most
