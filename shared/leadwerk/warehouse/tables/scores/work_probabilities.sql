-- Leads of the experiment @experiment when it first scored them: whether they were HOT, and with which probability.
-- @experiment STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT lead_id, score_cluster = 'HOT' AS is_hot, work_probability
FROM leadwerk.scores
WHERE day >= @first_day AND experiment = @experiment AND scored_at <= @as_of AND work_probability IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
