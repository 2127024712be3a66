-- Events, seconds and last moment of each signal, in each window: a column per signal, or a list of those that occurred.
signal_sums AS (
  SELECT
    lead_id, as_of, signal,
    -- for each window
    SUM(IF(days_ago < ${window}, events, 0)) AS events_${window}d,
    SUM(IF(days_ago < ${window}, milliseconds, 0)) / 1000 AS seconds_${window}d,
    -- end
    MAX(last_at) AS last_at
  FROM (
    SELECT
      a.lead_id, a.as_of, a.days_ago, s.name AS signal, s.events, CAST(ROUND(s.seconds * 1000) AS INT64) AS milliseconds,
      s.last_at
    FROM activity AS a CROSS JOIN UNNEST(a.signals) AS s
    WHERE a.days_ago < @longest_window
    UNION ALL
    SELECT lead_id, as_of, days_ago, signal, 1 AS events, 0 AS milliseconds, occurred_at AS last_at
    FROM touchpoint_events
    WHERE days_ago < @longest_window
  )
  WHERE signal IS NOT NULL
  GROUP BY lead_id, as_of, signal
),

signals AS (
  SELECT
    -- for each signal
    ANY_VALUE(IF(signal = '${signal}', sums, NULL) HAVING MAX IF(signal = '${signal}', 1, NULL)) AS ${signal},
    -- end
    -- for each signals_as_list
    ARRAY_AGG(sums ORDER BY sums.signal) AS signals,
    -- end
    lead_id, as_of
  FROM (
    SELECT lead_id, as_of, signal, STRUCT(
      -- for each signals_as_list
      signal, TIMESTAMP_DIFF(as_of, last_at, SECOND) / 86400 AS days_since,
      -- end
      -- for each window
      events_${window}d, seconds_${window}d,
      -- end
      last_at
    ) AS sums
    FROM signal_sums
  )
  GROUP BY lead_id, as_of
),
