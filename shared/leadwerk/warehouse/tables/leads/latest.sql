-- The latest version of each lead in @lead_ids as of @as_of.
--
-- @lead_ids ARRAY<STRING>
-- @as_of TIMESTAMP
SELECT
  lead_id,
  event_id,
  recorded_at,
  created_at,
  web_consent,
  language,
  country,
  region,
  postcode,
  email_domain_kind,
  person_key,
  channel,
  loan_amount,
  property_value,
  income,
  instalment,
  job_title,
  industry,
  employees,
  revenue,
  account_id,
  attributes,
  stored_at
FROM leadwerk.leads
WHERE lead_id IN UNNEST(@lead_ids) AND recorded_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
