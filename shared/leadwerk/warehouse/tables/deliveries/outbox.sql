-- The newest score of one lead at @as_of that the CRM does not hold yet, and how often sending it was tried.
-- A score of the future (a wrong clock, a replay) would hide all that are made until then.
-- @first_day DATE
-- @as_of TIMESTAMP
-- @every_lead BOOL
-- @lead_ids ARRAY<STRING>
-- @every_state BOOL
-- @retry_parked BOOL
-- @most INT64
WITH newest AS (
  SELECT
    lead_id, score_id, scored_at, predictive_score, score_cluster, recommended_action, probability, points, grade, tier,
    stage, traffic_light, reasons
  FROM leadwerk.scores
  WHERE day >= @first_day
    AND scored_at <= @as_of
    AND (@every_lead OR lead_id IN UNNEST(@lead_ids))
    -- Where neither model nor rules score, there is news only of leads that a person decides or decided upon.
    AND (basis <> 'no_champion' OR lead_id IN (SELECT lead_id FROM leadwerk.overrides))
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),
last_attempt AS (
  SELECT score_id, attempt, state, next_attempt_at
  FROM leadwerk.deliveries
  WHERE day >= @first_day
    AND (@every_lead OR lead_id IN UNNEST(@lead_ids))
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY score_id ORDER BY attempt DESC, attempted_at DESC, delivery_id DESC
  ) = 1
)
SELECT
  newest.lead_id,
  newest.score_id,
  newest.scored_at,
  newest.predictive_score,
  newest.score_cluster,
  newest.recommended_action,
  newest.probability,
  newest.points,
  newest.grade,
  newest.tier,
  newest.stage,
  newest.traffic_light,
  newest.reasons,
  COALESCE(last_attempt.attempt, 0) AS attempts,
  last_attempt.state AS last_state,
  last_attempt.next_attempt_at
FROM newest
LEFT JOIN last_attempt ON last_attempt.score_id = newest.score_id
WHERE @every_state
  OR last_attempt.state IS NULL
  OR last_attempt.state IN ('retry', 'repair')
  OR (last_attempt.state = 'parked' AND @retry_parked)
-- What was never tried comes first (NULL), and of that the best leads, because a seller calls them first.
ORDER BY last_attempt.next_attempt_at, newest.predictive_score DESC, newest.points DESC, newest.lead_id
LIMIT @most
