-- Landmarks of leads whose person does not object: each lead at each of these ages within the range, and when it matures.
-- @landmark_days ARRAY<INT64>
-- @first_as_of TIMESTAMP
-- @last_as_of TIMESTAMP
-- @horizon_days INT64
-- include objections/active
,

created AS (
  SELECT lead_id, created_at
  FROM leadwerk.leads
  WHERE lead_id NOT IN (SELECT lead_id FROM objecting_leads)
    -- A merged lead's history is the survivor's: counted twice, it would weigh twice.
    AND lead_id NOT IN (SELECT lead_id FROM leadwerk.leads WHERE record_state = 'merged')
    -- where
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) = 1
),

moments AS (
  SELECT
    lead_id,
    TIMESTAMP_ADD(created_at, INTERVAL days DAY) AS as_of,
    TIMESTAMP_ADD(created_at, INTERVAL days + @horizon_days DAY) AS matures_at
  FROM created CROSS JOIN UNNEST(@landmark_days) AS days
  WHERE TIMESTAMP_ADD(created_at, INTERVAL days DAY) BETWEEN @first_as_of AND @last_as_of
)
