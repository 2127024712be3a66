-- The latest attempt at each score. Days before @first_day are not read.
-- @first_day DATE
WITH latest_attempt AS (
  SELECT *
  FROM leadwerk.deliveries
  WHERE day >= @first_day
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY attempt DESC, attempted_at DESC, delivery_id DESC) = 1
)
