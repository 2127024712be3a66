-- Those of `moments` (lead_id, as_of, matures_at) whose outcome is mature by then, and whether it is a positive one:
-- the horizon has passed, the lead was open at the moment, and it has closed since or converted in time.
outcomes_as_of AS (
  SELECT *
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
),

-- include outcomes/latest
,

-- A reopened lead keeps the moment of its first end: what came after it did not come from an open lead.
lead_ends AS (
  SELECT
    k.lead_id,
    n.outcome,
    MIN(IF(k.outcome != 'open', k.occurred_at, NULL)) AS closed_at,
    MIN(IF(k.outcome IN UNNEST(@positive), k.occurred_at, NULL)) AS converted_at
  FROM outcomes_as_of AS k
  JOIN latest_outcome AS n ON n.lead_id = k.lead_id
  GROUP BY k.lead_id, n.outcome
),

mature AS (
  SELECT m.*, c.closed_at, COALESCE(c.converted_at <= m.matures_at, FALSE) AS converted
  FROM moments AS m
  JOIN lead_ends AS c ON c.lead_id = m.lead_id
  WHERE m.matures_at <= @as_of
    AND c.closed_at > m.as_of
    AND (c.outcome != 'open' OR COALESCE(c.converted_at <= m.matures_at, FALSE))
)
