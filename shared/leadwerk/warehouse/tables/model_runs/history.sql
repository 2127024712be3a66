-- One retraining, latest first.
-- @as_of TIMESTAMP
-- @most INT64
SELECT trained_at, model_version, promoted, reason, champion_before, metrics, reason_message
FROM leadwerk.model_runs
WHERE trained_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY trained_at) = 1
ORDER BY trained_at DESC, run_id DESC
LIMIT @most
