-- One station of the chain from the web site to the model: when it last did something, and how much since @since.
-- @since TIMESTAMP
-- @as_of TIMESTAMP
WITH stations AS (
  SELECT 'extract' AS station, run_at AS done_at, CAST(events_kept AS INT64) AS amount
  FROM leadwerk.extract_runs
  WHERE run_at <= @as_of
  UNION ALL
  SELECT 'ingest' AS station, recorded_at AS done_at, 1 AS amount
  FROM leadwerk.outcomes
  WHERE day >= DATE_SUB(DATE(@as_of), INTERVAL 120 DAY) AND recorded_at <= @as_of
  UNION ALL
  SELECT 'threshold' AS station, decided_at AS done_at, 1 AS amount
  FROM leadwerk.thresholds
  WHERE decided_at <= @as_of
  UNION ALL
  SELECT 'score' AS station, scored_at AS done_at, 1 AS amount
  FROM leadwerk.scores
  WHERE day >= DATE_SUB(DATE(@as_of), INTERVAL 120 DAY) AND scored_at <= @as_of
  UNION ALL
  SELECT 'deliver' AS station, attempted_at AS done_at, 1 AS amount
  FROM leadwerk.deliveries
  WHERE day >= DATE_SUB(DATE(@as_of), INTERVAL 120 DAY) AND attempted_at <= @as_of
  UNION ALL
  SELECT 'retrain' AS station, trained_at AS done_at, row_count AS amount
  FROM leadwerk.model_runs
  WHERE trained_at <= @as_of
)

SELECT station, MAX(done_at) AS last_at, SUM(IF(done_at >= @since, amount, 0)) AS amount
FROM stations
GROUP BY station
ORDER BY station
