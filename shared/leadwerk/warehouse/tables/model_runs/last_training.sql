-- When a model was last trained by @as_of; null: never.
-- @as_of TIMESTAMP
SELECT MAX(trained_at) AS trained_at
FROM leadwerk.model_runs
WHERE trained_at <= @as_of
