-- A change of what decides on leads, the oldest first: a model that came to serve, or rules that came into force.
-- @since TIMESTAMP
-- @as_of TIMESTAMP
SELECT trained_at AS changed_at, 'model' AS kind
FROM leadwerk.model_runs
WHERE promoted AND trained_at > @since AND trained_at <= @as_of
UNION DISTINCT
SELECT occurred_at AS changed_at, IF(action = 'promote', 'model', 'model_before') AS kind
FROM leadwerk.audit_log
WHERE day BETWEEN DATE(@since) AND DATE(@as_of)
  AND action IN ('promote', 'rollback') AND occurred_at > @since AND occurred_at <= @as_of
UNION DISTINCT
SELECT changed_at, IF(kind = 'publish', 'rules', 'rules_before') AS kind
FROM leadwerk.policy_changes
WHERE changed_at > @since AND changed_at <= @as_of
ORDER BY changed_at, kind
