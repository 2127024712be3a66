-- The latest score of each lead by @as_of. Days before @scored_since are not read.
-- @scored_since DATE
-- @as_of TIMESTAMP
WITH latest_score AS (
  SELECT *
  FROM leadwerk.scores
  WHERE day >= @scored_since AND scored_at <= @as_of
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)
