-- One violated invariant of activity_events and activity_daily on the days @first_day to @last_day; no row when all hold.
--
-- @first_day DATE
-- @last_day DATE
WITH by_events AS (
  SELECT
    day, visitor_id, COUNT(*) AS events, MAX(event_rank) AS last_rank, SUM(event_rank) AS ranks,
    COUNTIF(session_start) AS sessions
  FROM leadwerk.activity_events
  WHERE day BETWEEN @first_day AND @last_day
  GROUP BY day, visitor_id
),

by_days AS (
  SELECT day, visitor_id, COUNT(*) AS copies, SUM(events) AS events, SUM(sessions) AS sessions
  FROM leadwerk.activity_daily
  WHERE day BETWEEN @first_day AND @last_day
  GROUP BY day, visitor_id
),

invariants AS (
  -- The ranks are 1, 2, 3 …: counted by their end and their sum, which is quicker than comparing them.
  SELECT
    'activity_events has an event twice, or lacks one' AS finding,
    COUNTIF(events != last_rank OR 2 * ranks != events * (events + 1)) AS violations
  FROM by_events
  UNION ALL
  SELECT 'activity_daily has a visitor twice on a day' AS finding, COUNTIF(copies > 1) AS violations FROM by_days
  UNION ALL
  SELECT 'activity_daily does not add up to activity_events' AS finding, COUNT(*) AS violations
  FROM by_events AS e
  LEFT JOIN by_days AS d ON d.day = e.day AND d.visitor_id = e.visitor_id
  WHERE d.day IS NULL OR d.events != e.events OR d.sessions != e.sessions
  UNION ALL
  SELECT 'activity_daily has a visitor that activity_events lacks' AS finding, COUNT(*) AS violations
  FROM by_days AS d
  LEFT JOIN by_events AS e ON e.day = d.day AND e.visitor_id = d.visitor_id
  WHERE e.day IS NULL
)

SELECT finding, violations FROM invariants WHERE violations > 0
