-- One channel that has taken nothing since its first failure after its last success, as of @as_of: since when and until when
-- it failed, and whether it answered that it is gone for good (410).
-- @first_day DATE
-- @as_of TIMESTAMP
WITH channel_step AS (
  SELECT target, state, stepped_at, http_status
  FROM leadwerk.workflow_actions
  WHERE day >= @first_day AND stepped_at <= @as_of AND attempt > 0 AND action IN ('message', 'event')
    AND target IS NOT NULL
),

last_success AS (
  SELECT target, MAX(stepped_at) AS taken_at
  FROM channel_step
  WHERE state = 'sent'
  GROUP BY target
)

SELECT
  s.target AS channel,
  MIN(s.stepped_at) AS failing_since,
  MAX(s.stepped_at) AS last_failure_at,
  COALESCE(LOGICAL_OR(s.http_status = 410), FALSE) AS is_gone
FROM channel_step AS s
LEFT JOIN last_success AS t ON t.target = s.target
WHERE s.state != 'sent' AND (t.taken_at IS NULL OR s.stepped_at > t.taken_at)
GROUP BY s.target
ORDER BY s.target
