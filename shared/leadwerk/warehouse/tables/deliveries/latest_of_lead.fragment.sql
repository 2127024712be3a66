-- The latest attempt at any score of each lead. Days before @first_day are not read.
-- @first_day DATE
WITH latest_attempt_at_lead AS (
  SELECT *
  FROM leadwerk.deliveries
  WHERE day >= @first_day
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY attempted_at DESC, attempt DESC, delivery_id DESC) = 1
)
