-- One landmark of a lead that was open at that moment, and how the lead has ended by @as_of: when it closed for the first
-- time and when it first converted (null: not yet). A lead that was opened again without converting has not closed.
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

SELECT
  m.lead_id,
  m.as_of,
  IF(e.outcome = 'open' AND e.converted_at IS NULL, NULL, e.closed_at) AS closed_at,
  e.converted_at
FROM moments AS m
JOIN lead_ends AS e ON e.lead_id = m.lead_id
WHERE COALESCE(e.closed_at > m.as_of, TRUE)
