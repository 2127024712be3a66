-- The latest version of each lead in @lead_ids as of @as_of.
--
-- @lead_ids ARRAY<STRING>
-- include leads/latest where lead_id IN UNNEST(@lead_ids)

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
  stored_at,
  record_state,
  merged_into,
  unsubscribed,
  crm_owner
FROM latest_lead
