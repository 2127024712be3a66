-- One contact of an account as known at @as_of: the leads whose newest version names it.
-- @account_id STRING
-- @as_of TIMESTAMP
-- @most INT64
WITH numbered AS (
  SELECT
    lead_id, account_id, created_at, recorded_at,
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS version,
    FIRST_VALUE(created_at) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS born_at
  FROM leadwerk.leads
),

newest AS (
  SELECT lead_id, account_id, born_at
  FROM numbered
  WHERE IF(version = 1, LEAST(recorded_at, born_at), recorded_at) <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY version DESC) = 1
)

SELECT lead_id
FROM newest
WHERE account_id = @account_id
ORDER BY born_at DESC, lead_id
LIMIT @most
