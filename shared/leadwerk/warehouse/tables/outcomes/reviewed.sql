-- A scored lead that ended, or was judged by a seller, between @since and @until: its first score, its end, the verdict.
--
-- The first score is what people saw when the lead came; later ones already know that somebody is at work on it.
-- @first_day DATE
-- @since TIMESTAMP
-- @until TIMESTAMP
-- @as_of TIMESTAMP
WITH lead_ends AS (
  SELECT lead_id, status, outcome, occurred_at AS ended_at
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at >= @since AND occurred_at < @until AND outcome != 'open'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

latest_verdict AS (
  SELECT lead_id, seller, verdict, reason, note
  FROM leadwerk.verdicts
  WHERE given_at >= @since AND given_at < @until AND given_at <= @as_of AND verdict IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY given_at DESC, event_id DESC) = 1
),

first_score AS (
  SELECT lead_id, score_id, day, basis, score_cluster, decided_by, predictive_score, points
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND score_cluster IN ('HOT', 'WARM', 'COLD', 'DISQUALIFIED')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

-- Worked without a score: of the control group of an experiment, or of a person who objected to profiling.
withheld_leads AS (
  SELECT DISTINCT lead_id
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND basis IN ('control', 'objection')
)

SELECT
  s.lead_id,
  s.score_id,
  s.day,
  s.basis,
  s.score_cluster,
  s.decided_by,
  IF(w.lead_id IS NULL, s.predictive_score, NULL) AS predictive_score,
  IF(w.lead_id IS NULL, s.points, NULL) AS points,
  w.lead_id IS NOT NULL AS is_withheld,
  e.status,
  e.outcome,
  e.ended_at,
  v.seller,
  v.verdict,
  v.reason,
  v.note
FROM first_score AS s
LEFT JOIN lead_ends AS e ON e.lead_id = s.lead_id
LEFT JOIN latest_verdict AS v ON v.lead_id = s.lead_id
LEFT JOIN withheld_leads AS w ON w.lead_id = s.lead_id
WHERE e.lead_id IS NOT NULL OR v.lead_id IS NOT NULL
ORDER BY s.lead_id
