-- @first_day DATE
-- @as_of TIMESTAMP
-- @points_weight INT64
WITH valued AS (
  SELECT
    lead_id,
    scored_at,
    probability,
    CASE @points_weight
      WHEN 100 THEN points
      WHEN 0 THEN predictive_score
      ELSE (@points_weight * LEAST(GREATEST(points, 0), 100) + (100 - @points_weight) * predictive_score) / 100
    END AS value
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND score_cluster != 'DISQUALIFIED'
),
