-- The rows and counts that extract writes, as somebody who knows DuckDB would write them for the mortgage policy.
CREATE TABLE activity_events AS
WITH days AS (
  SELECT d::DATE AS day, strftime(d, '%Y%m%d') AS suffix,
    epoch_us(d::TIMESTAMP AT TIME ZONE 'Europe/Zurich') AS begins,
    epoch_us((d + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE 'Europe/Zurich') AS ends
  FROM generate_series(DATE '$first', DATE '$last', INTERVAL 1 DAY) AS t(d)
),
keyed AS (
  SELECT *, list_transform(event_params, lambda p: p.key) AS keys,
    list_transform(event_params, lambda p: p.value.string_value) AS texts,
    list_transform(event_params, lambda p: coalesce(p.value.double_value, p.value.float_value, p.value.int_value::DOUBLE))
      AS numbers
  FROM ($export) JOIN days USING (suffix)
  WHERE event_timestamp >= begins AND event_timestamp < ends AND event_name <> '' AND user_pseudo_id <> ''
),
looked_up AS (
  SELECT *, $lookups FROM keyed
),
typed AS (
  SELECT day, user_pseudo_id AS visitor_id, nullif(user_id, '') AS user_id, make_timestamptz(event_timestamp) AS occurred_at,
    batch_page_id, batch_ordering_id, batch_event_index, event_name, session_number::BIGINT AS session_id,
    hash(event_params) AS parameters,
    CASE WHEN location IS NOT NULL
      THEN coalesce(nullif(regexp_extract(location, '^[a-z-]+://[^/?#]*(/[^?#]*)', 1), ''), '/') END AS page,
    CASE WHEN engagement > 0 AND engagement <= 14400000 THEN engagement / 1000 ELSE 0 END AS seconds,
    CASE WHEN scroll BETWEEN 0 AND 100 THEN floor(scroll)::BIGINT END AS scroll_percent,
    CASE WHEN shown.source <> '(not set)' THEN shown.source WHEN ad IS NOT NULL OR contains(location, 'gbraid=') THEN 'google'
      WHEN tagged.source <> '(not set)' THEN tagged.source
      ELSE coalesce(collected.manual_source, session_source) END AS source,
    CASE WHEN shown.source <> '(not set)' THEN shown.medium WHEN ad IS NOT NULL OR contains(location, 'gbraid=') THEN 'cpc'
      WHEN tagged.source <> '(not set)' THEN tagged.medium
      WHEN collected.manual_source IS NOT NULL THEN collected.manual_medium ELSE session_medium END AS medium,
    first_source, first_medium,
    device_category, lower(substr(device_language, 1, 2)) AS language, country, region, $amounts
  FROM looked_up
  WHERE coalesce(own, '') NOT IN ('internal', 'developer')
    AND NOT regexp_matches(browser, '(?i)bot|crawl|spider|headless')
),
ranked AS (
  SELECT * EXCLUDE (parameters, batch_page_id, batch_ordering_id, batch_event_index),
    CASE WHEN event_name = 'view_mortgage_simulator' THEN 'mortgage_simulator'
      WHEN event_name = 'download_pdf_guide' THEN 'pdf_guide'
      WHEN event_name = 'mortgage_calculated' THEN 'calculator'
      WHEN regexp_matches(page, '^/(zinsen|taux|tassi|rates)') THEN 'rates_page'
      WHEN regexp_matches(page, '^/(kontakt|contact|contatto)') THEN 'contact_page'
      WHEN regexp_matches(page, '^/(blog|ratgeber)') THEN 'blog'
      WHEN regexp_matches(page, '^/(karriere|jobs|careers)') THEN 'careers' END AS signal,
    row_number() OVER w AS event_rank
  FROM (SELECT DISTINCT * FROM typed)
  WINDOW w AS (PARTITION BY day, visitor_id ORDER BY occurred_at NULLS FIRST,
    batch_page_id NULLS FIRST, batch_ordering_id NULLS FIRST, batch_event_index NULLS FIRST, event_name, session_id NULLS FIRST,
    page NULLS FIRST, seconds, scroll_percent NULLS FIRST, user_id NULLS FIRST, source NULLS FIRST, medium NULLS FIRST,
    first_source NULLS FIRST, first_medium NULLS FIRST,
    device_category NULLS FIRST, language NULLS FIRST, country NULLS FIRST, region NULLS FIRST,
    loan_amount NULLS FIRST, property_value NULLS FIRST, income NULLS FIRST, instalment NULLS FIRST)
  QUALIFY count(*) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) <= 1500
)
SELECT *,
  coalesce(signal IN ('mortgage_simulator', 'pdf_guide', 'calculator') OR (signal IS NOT NULL AND event_name = 'page_view'),
    FALSE)::INT AS signal_count,
  session_id IS NOT NULL
    AND coalesce(lag(day) OVER (PARTITION BY visitor_id, session_id ORDER BY day, event_rank) < day - 1, TRUE)
    AS session_start
FROM ranked;

CREATE TABLE activity_daily AS
WITH signals AS (
  SELECT day, visitor_id,
    list_sort(list({name: signal, events: events, seconds: seconds, last_at: last_at})) AS signals
  FROM (
    SELECT day, visitor_id, signal, sum(signal_count) AS events, sum(seconds) AS seconds, max(occurred_at) AS last_at
    FROM activity_events WHERE signal IS NOT NULL GROUP BY ALL
  ) GROUP BY ALL
)
SELECT * FROM (
  SELECT day, visitor_id, min(occurred_at) AS first_at, max(occurred_at) AS last_at, count(*) AS events,
    count(*) FILTER (session_start) AS sessions, count(*) FILTER (event_name = 'page_view') AS page_views,
    sum(seconds) AS seconds, max(scroll_percent) AS scroll_percent, arg_min(source, event_rank) AS source,
    arg_min_null(medium, event_rank) FILTER (source IS NOT NULL) AS medium,
    arg_min(first_source, event_rank) AS first_source,
    arg_min_null(first_medium, event_rank) FILTER (first_source IS NOT NULL) AS first_medium,
    arg_max(device_category, event_rank) AS device_category, arg_max(language, event_rank) AS language,
    hour(min(occurred_at) AT TIME ZONE 'Europe/Zurich') AS first_hour, isodow(day) AS weekday,
    CASE WHEN count(coalesce(loan_amount, property_value, income, instalment)) > 0 THEN
      {uses: count(loan_amount), loan_amount_sum: sum(loan_amount), loan_amount: arg_max(loan_amount, event_rank),
        property_value: arg_max(property_value, event_rank), income: arg_max(income, event_rank),
        instalment: arg_max(instalment, event_rank)} END AS calculator
  FROM activity_events GROUP BY day, visitor_id
) LEFT JOIN signals USING (day, visitor_id);

CREATE TABLE extract_runs AS
WITH kinds AS (
  SELECT day, user_pseudo_id AS visitor_id, count(*) AS events, CASE
      WHEN NOT coalesce(event_timestamp >= begins AND event_timestamp < ends AND event_name <> '', FALSE) THEN 'unusable'
      WHEN coalesce(user_pseudo_id, '') = '' THEN 'without_visitor'
      WHEN event_params[list_position(list_transform(event_params, lambda p: p.key), 'traffic_type')].value.string_value
        IN ('internal', 'developer') THEN 'own'
      WHEN regexp_matches(browser, '(?i)bot|crawl|spider|headless') THEN 'bot'
      ELSE 'visitor' END AS kind
  FROM ($export) JOIN (
    SELECT d::DATE AS day, strftime(d, '%Y%m%d') AS suffix, epoch_us(d::TIMESTAMP AT TIME ZONE 'Europe/Zurich') AS begins,
      epoch_us((d + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE 'Europe/Zurich') AS ends
    FROM generate_series(DATE '$first', DATE '$last', INTERVAL 1 DAY) AS t(d)
  ) USING (suffix)
  GROUP BY ALL
),
sums AS (
  SELECT day, sum(kinds.events) AS events_read, sum(kinds.events) FILTER (kind = 'unusable') AS unusable,
    sum(kinds.events) FILTER (kind = 'without_visitor') AS without_visitor,
    sum(kinds.events) FILTER (kind = 'own') AS own_traffic,
    sum(kinds.events) FILTER (kind = 'bot' OR (kind = 'visitor' AND kept.events IS NULL)) AS bots,
    sum(kinds.events - kept.events) FILTER (kind = 'visitor') AS duplicates,
    sum(kept.events) FILTER (kind = 'visitor') AS events_kept,
    count(*) FILTER (kind = 'visitor' AND kept.events IS NOT NULL) AS visitors
  FROM kinds LEFT JOIN activity_daily AS kept USING (day, visitor_id)
  GROUP BY day
)
SELECT day, coalesce(COLUMNS(* EXCLUDE (day)), 0) FROM sums;
