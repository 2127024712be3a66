-- What a lead or visitor did on the site and in the calculator, in sums over each window.
--
-- @longest_window INT64
behaviour AS (
  SELECT
    lead_id, as_of,
    -- for each window
    SUM(IF(days_ago < ${window}, sessions, 0)) AS sessions_${window}d,
    SUM(IF(days_ago < ${window}, page_views, 0)) AS page_views_${window}d,
    SUM(IF(days_ago < ${window}, milliseconds, 0)) / 1000 AS seconds_${window}d,
    COUNT(DISTINCT IF(days_ago < ${window}, days_ago, NULL)) AS active_days_${window}d,
    -- end
    MAX(scroll_percent) AS scroll_percent, MIN(first_at) AS first_at, MAX(last_at) AS last_at,
    SUM(uses) AS uses, ROUND(SUM(loan_amount_sum) * 100) / 100 AS loan_amount_sum,
    -- for each amount
    ANY_VALUE(${amount} HAVING MAX IF(${amount} IS NULL, NULL, position)) AS ${amount},
    -- end
    ANY_VALUE(source HAVING MIN IF(source IS NULL, NULL, position)) AS source,
    ANY_VALUE(IF(source IS NULL, NULL, medium) HAVING MIN IF(source IS NULL, NULL, position)) AS medium,
    ANY_VALUE(first_source HAVING MIN IF(first_source IS NULL, NULL, position)) AS first_source,
    ANY_VALUE(IF(first_source IS NULL, NULL, first_medium) HAVING MIN IF(first_source IS NULL, NULL, position)) AS first_medium,
    ANY_VALUE(device_category HAVING MAX IF(device_category IS NULL, NULL, position)) AS device_category,
    ANY_VALUE(language HAVING MAX IF(language IS NULL, NULL, position)) AS language
  FROM activity
  WHERE days_ago < @longest_window
  GROUP BY lead_id, as_of
),

-- Uses of a calculator that its log names; `position` orders them in time and is unique.
logged_calculations AS (
  SELECT
    lead_id, as_of, NULLIF(COUNT(loan_amount), 0) AS uses, ROUND(SUM(loan_amount) * 100) / 100 AS loan_amount_sum,
    -- for each amount
    ANY_VALUE(${amount} HAVING MAX IF(${amount} IS NULL, NULL, position)) AS ${amount},
    -- end
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY lead_id, as_of ORDER BY occurred_at, event_id) AS position
    FROM touchpoint_events
    WHERE days_ago < @longest_window
  )
  GROUP BY lead_id, as_of
),
