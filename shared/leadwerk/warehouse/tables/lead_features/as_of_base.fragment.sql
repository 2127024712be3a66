-- Leads as of moments: each lead with what was recorded strictly before the moment. Features and occurrences derive from it.
--
-- For training: each lead at each of these ages within the range.
-- @landmark_days ARRAY<INT64>
-- @first_as_of TIMESTAMP
-- @last_as_of TIMESTAMP
-- For scoring: these leads and visitors, or all rows of open_leads (leads/open), at this moment.
-- for each of_ids
-- @lead_ids ARRAY<STRING>
-- @visitor_ids ARRAY<STRING>
-- end
-- @as_of TIMESTAMP
-- Days of activity that can matter, of single events the moments' own days, and how days are counted.
-- @first_day DATE
-- @first_event_day DATE
-- @last_day DATE
-- @activity_window INT64
-- @time_zone STRING
-- Signals from touchpoints, each with its kind.
-- for each touchpoint
-- @kind_${touchpoint} STRING
-- end
-- for each with_forms
-- Forms that are not stored yet, each with its fields. Of an unknown lead only an `is_form` makes a version;
-- `account_domain` is the account of a lead that has none so far.
-- @forms ARRAY<STRUCT<lead_id STRING, is_form BOOL, visitor_id STRING, created_at TIMESTAMP, web_consent BOOL,
--   language STRING, country STRING, region STRING, email_domain_kind STRING, channel STRING, loan_amount FLOAT64,
--   property_value FLOAT64, income FLOAT64, instalment FLOAT64, job_title STRING, industry STRING, employees INT64,
--   revenue FLOAT64, account_id STRING, account_domain STRING,
--   attributes ARRAY<STRUCT<name STRING, text STRING, number FLOAT64>>, person_key STRING>>
-- end
WITH numbered AS (
  SELECT
    *, ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS version,
    FIRST_VALUE(created_at) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS first_created_at,
    -- The person as the lead came: an address that is learned later moves nobody into another arm of an experiment.
    FIRST_VALUE(person_key) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS first_person_key
  FROM leadwerk.leads
  WHERE
    -- for each of_ids
    @as_of IS NULL OR lead_id IN UNNEST(@lead_ids)
    -- end
    -- for each of_open_leads
    lead_id IN (SELECT lead_id FROM open_leads)
    -- end
    -- for each of_sample
    lead_id IN (SELECT lead_id FROM sampled_leads)
    -- end
),

-- for each with_forms
stored_version AS (
  SELECT *
  FROM numbered
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY version DESC) = 1
),

submitted_form AS (
  SELECT
    form.lead_id, form.is_form, form.visitor_id, form.created_at, form.web_consent, form.account_id, form.account_domain,
    form.attributes, form.person_key,
    -- for each column
    form.${column},
    -- end
  FROM UNNEST(@forms) AS form
),

-- Each attribute as the form has it, else as it is stored.
form_attributes AS (
  SELECT lead_id, ARRAY_AGG(STRUCT(name, text, number) ORDER BY name) AS attributes
  FROM (
    SELECT lead_id, name, text, number
    FROM (
      SELECT form.lead_id, a.name, a.text, a.number, 1 AS priority
      FROM submitted_form AS form CROSS JOIN UNNEST(form.attributes) AS a
      UNION ALL
      SELECT s.lead_id, a.name, a.text, a.number, 2 AS priority
      FROM stored_version AS s CROSS JOIN UNNEST(s.attributes) AS a
    )
    QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, name ORDER BY priority, number, text) = 1
  )
  GROUP BY lead_id
),
-- end

-- What the form states counts from when the lead was created, later versions from when they were recorded.
versions AS (
  SELECT
    lead_id, version, first_created_at, IF(version = 1, LEAST(recorded_at, first_created_at), recorded_at) AS known_from,
    web_consent, account_id, first_person_key,
    -- for each column
    ${column},
    -- end
    attributes
  FROM numbered
  -- for each with_forms
  UNION ALL
  SELECT
    -- The latest, whatever is stored.
    form.lead_id, 1000000000 AS version,
    COALESCE(s.first_created_at, form.created_at, @as_of) AS first_created_at, @as_of AS known_from,
    COALESCE(form.web_consent, s.web_consent, FALSE) AS web_consent,
    COALESCE(form.account_id, s.account_id, form.account_domain) AS account_id,
    IF(s.lead_id IS NULL, form.person_key, s.first_person_key) AS first_person_key,
    -- for each column
    COALESCE(form.${column}, s.${column}) AS ${column},
    -- end
    a.attributes
  FROM submitted_form AS form
  LEFT JOIN stored_version AS s ON s.lead_id = form.lead_id
  LEFT JOIN form_attributes AS a ON a.lead_id = form.lead_id
  WHERE form.is_form OR s.lead_id IS NOT NULL
  -- end
),

scoring_moments AS (
  SELECT lead_id, CAST(NULL AS STRING) AS visitor_id, TIMESTAMP_ADD(first_created_at, INTERVAL days DAY) AS as_of
  FROM versions CROSS JOIN UNNEST(@landmark_days) AS days
  WHERE version = 1 AND TIMESTAMP_ADD(first_created_at, INTERVAL days DAY) BETWEEN @first_as_of AND @last_as_of
  -- for each of_ids
  UNION DISTINCT
  SELECT lead_id, CAST(NULL AS STRING) AS visitor_id, @as_of AS as_of FROM UNNEST(@lead_ids) AS lead_id
  UNION DISTINCT
  SELECT CONCAT('visitor:', visitor_id) AS lead_id, visitor_id, @as_of AS as_of FROM UNNEST(@visitor_ids) AS visitor_id
  -- end
  -- for each of_open_leads
  UNION DISTINCT
  SELECT lead_id, CAST(NULL AS STRING) AS visitor_id, @as_of AS as_of FROM open_leads
  -- end
),

lead_versions_as_of AS (
  SELECT p.visitor_id, p.as_of, DATE(p.as_of, @time_zone) AS today, p.lead_id AS point_id, v.*
  FROM scoring_moments AS p
  LEFT JOIN versions AS v ON v.lead_id = p.lead_id AND v.known_from <= p.as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY p.lead_id, p.as_of ORDER BY v.version DESC) = 1
),

-- include lead_features/activity_as_of
