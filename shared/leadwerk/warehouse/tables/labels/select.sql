-- One lead at one age, as far as its outcome within the horizon is certain.
-- A landmark is absent when its horizon has not passed, or the lead was closed before, or is open still.
--
-- @landmark_days ARRAY<INT64>
-- @first_as_of TIMESTAMP
-- @last_as_of TIMESTAMP
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @now TIMESTAMP
WITH born AS (
  SELECT lead_id, created_at
  FROM leadwerk.leads
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) = 1
),

known AS (
  SELECT *
  FROM leadwerk.outcomes
  WHERE recorded_at <= @now AND occurred_at <= @now
),

newest AS (
  SELECT lead_id, outcome
  FROM known
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

landmarks AS (
  SELECT
    lead_id,
    TIMESTAMP_ADD(created_at, INTERVAL days DAY) AS as_of,
    TIMESTAMP_ADD(created_at, INTERVAL days + @horizon_days DAY) AS matures_at
  FROM born CROSS JOIN UNNEST(@landmark_days) AS days
  WHERE TIMESTAMP_ADD(created_at, INTERVAL days DAY) BETWEEN @first_as_of AND @last_as_of
    AND TIMESTAMP_ADD(created_at, INTERVAL days + @horizon_days DAY) <= @now
)

SELECT
  l.lead_id,
  l.as_of,
  COALESCE(LOGICAL_OR(k.outcome IN UNNEST(@positive) AND k.occurred_at <= l.matures_at), FALSE) AS converted
FROM landmarks AS l
JOIN newest AS n ON n.lead_id = l.lead_id
JOIN known AS k ON k.lead_id = l.lead_id
GROUP BY l.lead_id, l.as_of, n.outcome
HAVING NOT LOGICAL_OR(k.outcome != 'open' AND k.occurred_at <= l.as_of)
  AND (n.outcome != 'open' OR LOGICAL_OR(k.outcome IN UNNEST(@positive) AND k.occurred_at <= l.matures_at))
