-- Ranking value of each score: its points (@points_weight 100), the model's score (0), or the blend that points/blended_score.py
-- describes, with weights already applied to the slopes between the knots of the points. The final score of a closed lead
-- is left out: it only carries the stage to the CRM.
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
-- Cells of the matrix whose leads may be HOT; any other lead is below every threshold.
-- @hot_cells ARRAY<STRING>
WITH ranking_values AS (
  SELECT
    lead_id,
    scored_at,
    probability,
    IF(decided_by IS NULL AND COALESCE(arm, 'scored') = 'scored', NULL, score_cluster) AS override_cluster,
    CASE
      WHEN matrix_cell NOT IN UNNEST(@hot_cells) AND (@points_weight = 100 OR predictive_score IS NOT NULL) THEN 0
      WHEN @points_weight = 100 THEN points
      WHEN @points_weight = 0 THEN predictive_score
      ELSE FLOOR(
        @to_warm * (LEAST(GREATEST(points, @bottom), @warm) - @bottom)
        + @to_hot * (LEAST(GREATEST(points, @warm), @hot) - @warm)
        + @to_top * (LEAST(GREATEST(points, @hot), @top) - @hot)
        + (100 - @points_weight) / 100 * predictive_score + 0.5
      )
    END AS value
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND score_cluster NOT IN ('DISQUALIFIED', 'CLOSED') AND score_origin != 'outcome'
),
