-- Days on which a lead gave a signal, within @occurrence_window days; without a signal: the last activity of any kind.
--
-- Signals of the policy; stored days may hold others, which are ignored.
-- @signals ARRAY<STRING>
-- @occurrence_window INT64
signal_days AS (
  SELECT a.lead_id, a.as_of, a.days_ago, s.name AS signal, s.events, s.last_at
  FROM activity AS a CROSS JOIN UNNEST(a.signals) AS s
  WHERE a.days_ago < @occurrence_window
  UNION ALL
  SELECT lead_id, as_of, days_ago, signal, 1 AS events, occurred_at AS last_at
  FROM touchpoint_events
  WHERE days_ago < @occurrence_window
),

occurrences AS (
  SELECT
    m.lead_id, m.as_of, m.signal, DATE_SUB(DATE(m.as_of, @time_zone), INTERVAL m.days_ago DAY) AS day,
    SUM(m.events) AS events, MAX(m.last_at) AS last_at
  FROM signal_days AS m
  WHERE m.signal IN UNNEST(@signals)
  GROUP BY m.lead_id, m.as_of, m.signal, m.days_ago
  HAVING SUM(m.events) > 0
  UNION ALL
  SELECT
    a.lead_id, a.as_of, NULL AS signal, DATE_SUB(DATE(a.as_of, @time_zone), INTERVAL MIN(a.days_ago) DAY) AS day,
    1 AS events, MAX(a.last_at) AS last_at
  FROM activity AS a
  WHERE a.days_ago < @occurrence_window
  GROUP BY a.lead_id, a.as_of
)
