-- One open lead with its latest score and active pick, in list order, after the lead @after_lead.
-- Filters; null: no filter.
-- @cluster STRING
-- @grade STRING
-- @matrix_cell STRING
-- @tier STRING
-- @region STRING
-- @language STRING
-- @held BOOL
-- @seller STRING
-- @account_id STRING
-- @progress BOOL
-- score, value, points, fit, tier or newest; then the keys of the last lead of the page before, null on the first page.
-- @sort STRING
-- @after_first FLOAT64
-- @after_second FLOAT64
-- @after_third FLOAT64
-- @after_lead STRING
-- @most INT64
-- include scores/open_leads

-- The amount that a lead stands for which states none; rounded, so that all pages of a list have the same.
typical AS (SELECT ROUND(AVG(loan_amount)) AS amount FROM candidates),

ranked AS (
  SELECT
    c.* EXCEPT (score_value, points_value, fit_value, size_value, ranking_value, hot_starts_at, warm_starts_at),
    c.probability * c.loan_amount AS expected_value,
    CASE @sort WHEN 'value' THEN COALESCE(c.probability, 0.0) * COALESCE(c.loan_amount, t.amount, 1.0)
      WHEN 'points' THEN points_value WHEN 'fit' THEN fit_value WHEN 'tier' THEN size_value
      WHEN 'newest' THEN CAST(TIMESTAMP_DIFF(created_at, @created_since, SECOND) AS FLOAT64)
      ELSE score_value END AS first_key,
    IF(@sort IN ('tier', 'value'), score_value, size_value) AS second_key,
    IF(@sort IN ('score', 'tier', 'value'), points_value, score_value) AS third_key
  FROM candidates AS c
  CROSS JOIN typical AS t
  WHERE (@cluster IS NULL OR cluster = @cluster)
    AND (@cluster IS NOT NULL OR cluster != 'DISQUALIFIED')
    AND (@grade IS NULL OR grade = @grade)
    AND (@matrix_cell IS NULL OR matrix_cell = @matrix_cell)
    AND (@tier IS NULL OR tier = @tier)
    AND (@region IS NULL OR region = @region OR country = @region)
    AND (@language IS NULL OR language = @language)
    AND (@held IS NULL OR (held_by IS NOT NULL) = @held)
    AND (@seller IS NULL OR held_by = @seller)
    AND (@account_id IS NULL OR account_id = @account_id)
    AND (@progress IS NULL OR in_progress = @progress)
)

SELECT *
FROM ranked
WHERE @after_lead IS NULL
  OR first_key < @after_first
  OR (first_key = @after_first AND second_key < @after_second)
  OR (first_key = @after_first AND second_key = @after_second AND third_key < @after_third)
  OR (first_key = @after_first AND second_key = @after_second AND third_key = @after_third AND lead_id > @after_lead)
ORDER BY first_key DESC, second_key DESC, third_key DESC, lead_id
LIMIT @most
