-- One lead, or one visitor without a lead, at one moment: everything that was known of him strictly before.
--
-- For training: each lead at each of these ages, as far as they lie within the range.
-- @landmark_days ARRAY<INT64>
-- @first_as_of TIMESTAMP
-- @last_as_of TIMESTAMP
-- For scoring: these leads and visitors at this moment.
-- @lead_ids ARRAY<STRING>
-- @visitor_ids ARRAY<STRING>
-- @as_of TIMESTAMP
-- Days of activity that can matter, and how days are counted.
-- @first_day DATE
-- @last_day DATE
-- @longest_window INT64
-- @time_zone STRING
-- Signals from touchpoints, each with its kind.
-- for each touchpoint
-- @kind_${touchpoint} STRING
-- end
-- What no trace of a signal means: 0 where it comes from touchpoints, else null, for then the behaviour must be known.
-- for each signal
-- @zero_${signal} INT64
-- end
WITH numbered AS (
  SELECT
    *, ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS version,
    FIRST_VALUE(created_at) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS born_at
  FROM leadwerk.leads
  WHERE @as_of IS NULL OR lead_id IN UNNEST(@lead_ids)
),

-- What the form said was known when the lead was created, later versions from when they were recorded.
versions AS (
  SELECT *, IF(version = 1, LEAST(recorded_at, born_at), recorded_at) AS known_from FROM numbered
),

points AS (
  SELECT lead_id, NULL AS visitor_id, TIMESTAMP_ADD(born_at, INTERVAL days DAY) AS as_of
  FROM versions CROSS JOIN UNNEST(@landmark_days) AS days
  WHERE version = 1 AND TIMESTAMP_ADD(born_at, INTERVAL days DAY) BETWEEN @first_as_of AND @last_as_of
  UNION DISTINCT
  SELECT lead_id, NULL AS visitor_id, @as_of AS as_of FROM UNNEST(@lead_ids) AS lead_id
  UNION DISTINCT
  SELECT CONCAT('visitor:', visitor_id) AS lead_id, visitor_id, @as_of AS as_of FROM UNNEST(@visitor_ids) AS visitor_id
),

forms AS (
  SELECT p.visitor_id, p.as_of, DATE(p.as_of, @time_zone) AS today, p.lead_id AS point_id, v.*
  FROM points AS p
  LEFT JOIN versions AS v ON v.lead_id = p.lead_id AND v.known_from <= p.as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY p.lead_id, p.as_of ORDER BY v.version DESC) = 1
),

links AS (
  SELECT
    lead_id, as_of, today, visitor_id, ROW_NUMBER() OVER (PARTITION BY lead_id, as_of ORDER BY visitor_id) AS visitor
  FROM (
    SELECT f.point_id AS lead_id, f.as_of, f.today, i.visitor_id
    FROM forms AS f
    JOIN leadwerk.identities AS i ON i.lead_id = f.point_id AND i.linked_at <= f.as_of
    WHERE f.web_consent
    UNION DISTINCT
    SELECT point_id AS lead_id, as_of, today, visitor_id FROM forms WHERE visitor_id IS NOT NULL
  )
),

-- Whole days before, single events of the own day; `place` orders them in time and is never equal for two.
activity AS (
  SELECT
    l.lead_id, l.as_of, DATE_DIFF(l.today, d.day, DAY) AS days_ago,
    DATE_DIFF(d.day, l.today, DAY) * 1000000000000 + l.visitor * 1000000 AS place,
    d.first_at, d.last_at, d.sessions, d.page_views, d.seconds, d.scroll_percent,
    d.source, d.medium, d.device_category, d.language,
    d.calculator.uses, d.calculator.loan_amount_sum,
    -- for each amount
    d.calculator.${amount},
    -- end
    d.signals
  FROM links AS l
  JOIN leadwerk.activity_daily AS d
    ON d.visitor_id = l.visitor_id AND d.day < l.today AND d.day > DATE_SUB(l.today, INTERVAL @longest_window DAY)
  WHERE d.day BETWEEN @first_day AND @last_day
  UNION ALL
  SELECT
    l.lead_id, l.as_of, 0 AS days_ago,
    l.visitor * 1000000 + e.event_rank AS place,
    e.occurred_at AS first_at, e.occurred_at AS last_at, IF(e.session_start, 1, 0) AS sessions,
    IF(e.event_name = 'page_view', 1, 0) AS page_views, e.seconds, e.scroll_percent,
    e.source, e.medium, e.device_category, e.language,
    IF(e.loan_amount IS NULL, 0, 1) AS uses, e.loan_amount AS loan_amount_sum,
    -- for each amount
    e.${amount},
    -- end
    [STRUCT(e.signal AS name, e.signal_count AS events, e.seconds AS seconds, e.occurred_at AS last_at)] AS signals
  FROM links AS l
  JOIN leadwerk.activity_events AS e ON e.visitor_id = l.visitor_id AND e.day = l.today AND e.occurred_at < l.as_of
  WHERE e.day BETWEEN @first_day AND @last_day
),

behaviour AS (
  SELECT
    lead_id, as_of,
    -- for each window
    SUM(IF(days_ago < ${window}, sessions, 0)) AS sessions_${window}d,
    SUM(IF(days_ago < ${window}, page_views, 0)) AS page_views_${window}d,
    SUM(IF(days_ago < ${window}, seconds, 0)) AS seconds_${window}d,
    COUNT(DISTINCT IF(days_ago < ${window}, days_ago, NULL)) AS active_days_${window}d,
    -- end
    MAX(scroll_percent) AS scroll_percent, MIN(first_at) AS first_at, MAX(last_at) AS last_at,
    SUM(uses) AS uses, SUM(loan_amount_sum) AS loan_amount_sum,
    -- for each amount
    ANY_VALUE(${amount} HAVING MAX IF(${amount} IS NULL, NULL, place)) AS ${amount},
    -- end
    ANY_VALUE(source HAVING MIN IF(source IS NULL, NULL, place)) AS source,
    ANY_VALUE(IF(source IS NULL, NULL, medium) HAVING MIN IF(source IS NULL, NULL, place)) AS medium,
    ANY_VALUE(device_category HAVING MAX IF(device_category IS NULL, NULL, place)) AS device_category,
    ANY_VALUE(language HAVING MAX IF(language IS NULL, NULL, place)) AS language
  FROM activity
  GROUP BY lead_id, as_of
),

contacts AS (
  SELECT DISTINCT
    f.point_id AS lead_id, f.as_of, t.event_id, t.occurred_at,
    DATE_DIFF(f.today, DATE(t.occurred_at, @time_zone), DAY) AS days_ago,
    CASE
      WHEN t.kind IS NULL THEN CAST(NULL AS STRING)
      -- for each touchpoint
      WHEN t.kind = @kind_${touchpoint} THEN '${touchpoint}'
      -- end
    END AS signal
  FROM forms AS f
  JOIN leadwerk.touchpoints AS t ON t.lead_id = f.point_id AND t.occurred_at < f.as_of AND t.recorded_at <= f.as_of
  WHERE t.day BETWEEN DATE_SUB(@first_day, INTERVAL 1 DAY) AND DATE_ADD(@last_day, INTERVAL 1 DAY)
),

signal_sums AS (
  SELECT
    lead_id, as_of, signal,
    -- for each window
    SUM(IF(days_ago < ${window}, events, 0)) AS events_${window}d,
    SUM(IF(days_ago < ${window}, seconds, 0)) AS seconds_${window}d,
    -- end
    MAX(last_at) AS last_at
  FROM (
    SELECT a.lead_id, a.as_of, a.days_ago, s.name AS signal, s.events, s.seconds, s.last_at
    FROM activity AS a CROSS JOIN UNNEST(a.signals) AS s
    UNION ALL
    SELECT lead_id, as_of, days_ago, signal, 1 AS events, 0.0 AS seconds, occurred_at AS last_at
    FROM contacts
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
    lead_id, as_of
  FROM (
    SELECT lead_id, as_of, signal, STRUCT(
      -- for each window
      events_${window}d, seconds_${window}d,
      -- end
      last_at
    ) AS sums
    FROM signal_sums
  )
  GROUP BY lead_id, as_of
),

known AS (
  SELECT
    f.*,
    IF(l.lead_id IS NOT NULL AND (f.visitor_id IS NULL OR b.lead_id IS NOT NULL), 0, NULL) AS zero,
    -- for each amount
    COALESCE(f.${amount}, b.${amount}) AS known_${amount},
    -- end
  FROM forms AS f
  LEFT JOIN (SELECT DISTINCT lead_id, as_of FROM links) AS l ON l.lead_id = f.point_id AND l.as_of = f.as_of
  LEFT JOIN behaviour AS b ON b.lead_id = f.point_id AND b.as_of = f.as_of
)

SELECT
  k.point_id AS lead_id, k.as_of, k.born_at AS created_at,
  IF(k.zero IS NULL, 0, 1) AS has_behaviour,
  TIMESTAMP_DIFF(k.as_of, k.born_at, SECOND) / 86400 AS lead_age_days,
  EXTRACT(HOUR FROM k.born_at AT TIME ZONE @time_zone) AS created_hour,
  MOD(EXTRACT(DAYOFWEEK FROM k.born_at AT TIME ZONE @time_zone) + 5, 7) + 1 AS created_weekday,
  -- for each amount
  k.known_${amount} AS ${amount},
  -- end
  SAFE_DIVIDE(k.known_loan_amount, k.known_property_value) AS loan_to_value,
  SAFE_DIVIDE(k.known_instalment * 12, k.known_income) AS instalment_to_income,
  COALESCE(b.uses, k.zero) AS calculator_uses_90d,
  SAFE_DIVIDE(b.loan_amount_sum, b.uses) AS calculator_loan_amount_mean,
  -- for each window
  COALESCE(b.sessions_${window}d, k.zero) AS sessions_${window}d,
  -- end
  -- for each window
  COALESCE(b.page_views_${window}d, k.zero) AS page_views_${window}d,
  -- end
  -- for each window
  COALESCE(b.seconds_${window}d, k.zero) AS seconds_${window}d,
  -- end
  -- for each window
  COALESCE(b.active_days_${window}d, k.zero) AS active_days_${window}d,
  -- end
  SAFE_DIVIDE(b.seconds_30d, b.sessions_30d) AS session_seconds_30d,
  b.scroll_percent AS scroll_percent_90d,
  TIMESTAMP_DIFF(k.as_of, b.last_at, SECOND) / 86400 AS days_since_activity,
  TIMESTAMP_DIFF(k.as_of, b.first_at, SECOND) / 86400 AS days_since_first_activity,
  SAFE_DIVIDE(b.sessions_7d / 7, b.sessions_30d / 30) AS sessions_trend,
  EXTRACT(HOUR FROM b.last_at AT TIME ZONE @time_zone) AS last_active_hour,
  MOD(EXTRACT(DAYOFWEEK FROM b.last_at AT TIME ZONE @time_zone) + 5, 7) + 1 AS last_active_weekday,
  k.employees, k.revenue,
  COALESCE(k.language, b.language) AS language, k.country, k.region, k.email_domain_kind, k.channel, k.industry,
  b.source, b.medium, b.device_category,
  -- for each signal
  COALESCE(s.${signal}.events_1d, @zero_${signal}, k.zero) AS ${signal}_events_1d,
  COALESCE(s.${signal}.events_7d, @zero_${signal}, k.zero) AS ${signal}_events_7d,
  COALESCE(s.${signal}.events_30d, @zero_${signal}, k.zero) AS ${signal}_events_30d,
  COALESCE(s.${signal}.events_90d, @zero_${signal}, k.zero) AS ${signal}_events_90d,
  COALESCE(s.${signal}.seconds_1d, @zero_${signal}, k.zero) AS ${signal}_seconds_1d,
  COALESCE(s.${signal}.seconds_7d, @zero_${signal}, k.zero) AS ${signal}_seconds_7d,
  COALESCE(s.${signal}.seconds_30d, @zero_${signal}, k.zero) AS ${signal}_seconds_30d,
  COALESCE(s.${signal}.seconds_90d, @zero_${signal}, k.zero) AS ${signal}_seconds_90d,
  TIMESTAMP_DIFF(k.as_of, s.${signal}.last_at, SECOND) / 86400 AS ${signal}_days_since,
  -- end
  -- for each number
  (SELECT MAX(a.number) FROM UNNEST(k.attributes) AS a WHERE a.name = '${number}') AS attribute_${number},
  -- end
  -- for each category
  (SELECT MAX(a.text) FROM UNNEST(k.attributes) AS a WHERE a.name = '${category}') AS attribute_${category},
  -- end
FROM known AS k
LEFT JOIN behaviour AS b ON b.lead_id = k.point_id AND b.as_of = k.as_of
LEFT JOIN signals AS s ON s.lead_id = k.point_id AND s.as_of = k.as_of
