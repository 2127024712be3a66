-- One lead as a model version first scored it, and whether it converted within the horizon; only where that is certain.
-- The same rules as labels/select: the horizon has passed, the lead was open then, and it is closed by now.
--
-- @first_day DATE
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @now TIMESTAMP
WITH first_scores AS (
  SELECT lead_id, model_version, scored_at, probability, predictive_score, score_cluster
  FROM leadwerk.scores
  WHERE day >= @first_day
    AND basis = 'model'
    AND TIMESTAMP_ADD(scored_at, INTERVAL @horizon_days DAY) <= @now
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, model_version ORDER BY scored_at, stored_at, score_id) = 1
),

known AS (
  SELECT *
  FROM leadwerk.outcomes
  WHERE recorded_at <= @now AND occurred_at <= @now
),

newest AS (
  SELECT lead_id, outcome
  FROM known
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

closed AS (
  SELECT
    k.lead_id,
    n.outcome,
    MIN(IF(k.outcome != 'open', k.occurred_at, NULL)) AS closed_at,
    MIN(IF(k.outcome IN UNNEST(@positive), k.occurred_at, NULL)) AS converted_at
  FROM known AS k
  JOIN newest AS n ON n.lead_id = k.lead_id
  GROUP BY k.lead_id, n.outcome
)

SELECT
  s.lead_id,
  s.model_version,
  s.scored_at,
  s.probability,
  s.predictive_score,
  s.score_cluster,
  COALESCE(c.converted_at <= TIMESTAMP_ADD(s.scored_at, INTERVAL @horizon_days DAY), FALSE) AS converted
FROM first_scores AS s
JOIN closed AS c ON c.lead_id = s.lead_id
WHERE c.closed_at > s.scored_at
  AND (
    c.outcome != 'open'
    OR COALESCE(c.converted_at <= TIMESTAMP_ADD(s.scored_at, INTERVAL @horizon_days DAY), FALSE)
  )
