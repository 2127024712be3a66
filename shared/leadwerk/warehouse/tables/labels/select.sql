-- One landmark of a lead whose outcome within the horizon is mature.
-- A landmark is absent while its horizon has not passed, if the lead was closed before it, and while the lead is open.
--
-- @landmark_days ARRAY<INT64>
-- @first_as_of TIMESTAMP
-- @last_as_of TIMESTAMP
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
-- include objections/active
,

created AS (
  SELECT lead_id, created_at
  FROM leadwerk.leads
  WHERE lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) = 1
),

moments AS (
  SELECT
    lead_id,
    TIMESTAMP_ADD(created_at, INTERVAL days DAY) AS as_of,
    TIMESTAMP_ADD(created_at, INTERVAL days + @horizon_days DAY) AS matures_at
  FROM created CROSS JOIN UNNEST(@landmark_days) AS days
  WHERE TIMESTAMP_ADD(created_at, INTERVAL days DAY) BETWEEN @first_as_of AND @last_as_of
),

-- include outcomes/mature

SELECT lead_id, as_of, converted
FROM mature
