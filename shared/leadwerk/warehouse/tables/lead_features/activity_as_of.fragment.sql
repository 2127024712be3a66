-- Web activity and touchpoints of each lead or visitor before its moment.
links AS (
  SELECT
    lead_id, as_of, today, visitor_id, ROW_NUMBER() OVER (PARTITION BY lead_id, as_of ORDER BY visitor_id) AS visitor
  FROM (
    SELECT f.point_id AS lead_id, f.as_of, f.today, i.visitor_id
    FROM lead_versions_as_of AS f
    JOIN leadwerk.identities AS i ON i.lead_id = f.point_id AND i.linked_at <= f.as_of
    -- Links by login are stored whatever the visitor consented to: consent decides here.
    WHERE f.web_consent
    -- for each with_forms
    UNION DISTINCT
    SELECT f.point_id AS lead_id, f.as_of, f.today, form.visitor_id
    FROM lead_versions_as_of AS f
    JOIN submitted_form AS form ON form.lead_id = f.point_id
    WHERE f.web_consent AND form.visitor_id IS NOT NULL
    -- end
    UNION DISTINCT
    SELECT point_id AS lead_id, as_of, today, visitor_id FROM lead_versions_as_of WHERE visitor_id IS NOT NULL
  )
),

-- Whole days before the moment's day, single events of that day; `position` orders them in time and is unique. Whole
-- milliseconds add up to the same in any order, so that a lead has the same features each time they are computed.
activity AS (
  SELECT
    l.lead_id, l.as_of, DATE_DIFF(l.today, d.day, DAY) AS days_ago,
    DATE_DIFF(d.day, l.today, DAY) * 1000000000000 + l.visitor * 1000000 AS position,
    d.first_at, d.last_at, d.sessions, d.page_views, CAST(ROUND(d.seconds * 1000) AS INT64) AS milliseconds,
    d.scroll_percent,
    d.source, d.medium, d.first_source, d.first_medium, d.device_category, d.language,
    d.calculator.uses, d.calculator.loan_amount_sum,
    -- for each amount
    d.calculator.${amount},
    -- end
    d.signals
  FROM links AS l
  JOIN leadwerk.activity_daily AS d
    ON d.visitor_id = l.visitor_id AND d.day < l.today AND d.day > DATE_SUB(l.today, INTERVAL @activity_window DAY)
  WHERE d.day BETWEEN @first_day AND @last_day
  UNION ALL
  SELECT
    l.lead_id, l.as_of, 0 AS days_ago,
    l.visitor * 1000000 + e.event_rank AS position,
    e.occurred_at AS first_at, e.occurred_at AS last_at, IF(e.session_start, 1, 0) AS sessions,
    IF(e.event_name IN ('page_view', 'screen_view'), 1, 0) AS page_views, CAST(ROUND(e.seconds * 1000) AS INT64) AS milliseconds,
    e.scroll_percent,
    e.source, e.medium, e.first_source, e.first_medium, e.device_category, e.language,
    IF(e.loan_amount IS NULL, 0, 1) AS uses, e.loan_amount AS loan_amount_sum,
    -- for each amount
    e.${amount},
    -- end
    [STRUCT(e.signal AS name, e.signal_count AS events, e.seconds AS seconds, e.occurred_at AS last_at)] AS signals
  FROM links AS l
  JOIN leadwerk.activity_events AS e ON e.visitor_id = l.visitor_id AND e.day = l.today AND e.occurred_at < l.as_of
  WHERE e.day BETWEEN @first_event_day AND @last_day
),

touchpoint_events AS (
  SELECT DISTINCT
    f.point_id AS lead_id, f.as_of, t.event_id, t.occurred_at,
    -- for each amount
    t.${amount},
    -- end
    DATE_DIFF(f.today, DATE(t.occurred_at, @time_zone), DAY) AS days_ago,
    CASE
      WHEN t.kind IS NULL THEN CAST(NULL AS STRING)
      -- for each touchpoint
      WHEN t.kind = @kind_${touchpoint} THEN '${touchpoint}'
      -- end
    END AS signal
  FROM lead_versions_as_of AS f
  JOIN leadwerk.touchpoints AS t ON t.lead_id = f.point_id AND t.occurred_at < f.as_of AND t.recorded_at <= f.as_of
  WHERE t.day BETWEEN DATE_SUB(@first_day, INTERVAL 1 DAY) AND DATE_ADD(@last_day, INTERVAL 1 DAY)
),
