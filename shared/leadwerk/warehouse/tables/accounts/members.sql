-- One contact of an account as known at @as_of: the leads in the CRM whose latest version names it.
-- @account_id STRING
-- @as_of TIMESTAMP
-- @most INT64
WITH numbered AS (
  SELECT
    lead_id, account_id, created_at, recorded_at, record_state,
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS version,
    FIRST_VALUE(created_at) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS first_created_at
  FROM leadwerk.leads
),

latest_lead AS (
  SELECT lead_id, account_id, first_created_at, record_state
  FROM numbered
  WHERE IF(version = 1, LEAST(recorded_at, first_created_at), recorded_at) <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY version DESC) = 1
)

SELECT lead_id
FROM latest_lead
WHERE account_id = @account_id AND record_state IS NULL
ORDER BY first_created_at DESC, lead_id
LIMIT @most
