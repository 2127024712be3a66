-- The value by which a lead is ranked: its points (@points_weight 100), the model's score (0), or the mean of both that
-- points/combine.py describes, the slopes between the points' knots being weighed already. The last score of a closed
-- lead, which tells the CRM its stage, is nobody to call.
-- @first_day DATE
-- @as_of TIMESTAMP
-- @points_weight INT64
-- @bottom FLOAT64
-- @warm FLOAT64
-- @hot FLOAT64
-- @top FLOAT64
-- @to_warm FLOAT64
-- @to_hot FLOAT64
-- @to_top FLOAT64
WITH valued AS (
  SELECT
    lead_id,
    scored_at,
    probability,
    IF(decided_by IS NULL, NULL, score_cluster) AS set_cluster,
    CASE @points_weight
      WHEN 100 THEN points
      WHEN 0 THEN predictive_score
      ELSE FLOOR(
        @to_warm * (LEAST(GREATEST(points, @bottom), @warm) - @bottom)
        + @to_hot * (LEAST(GREATEST(points, @warm), @hot) - @warm)
        + @to_top * (LEAST(GREATEST(points, @hot), @top) - @hot)
        + (100 - @points_weight) / 100 * predictive_score + 0.5
      )
    END AS value
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND score_cluster != 'DISQUALIFIED' AND `trigger` != 'outcome'
),
