-- Of `moments` (lead_id, as_of, matures_at) those whose outcome is certain at @as_of, and whether it is one of @positive:
-- the horizon has passed, the lead was not closed at the moment, and it is closed by now or converted in time.
known AS (
  SELECT *
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
),

newest AS (
  SELECT lead_id, outcome
  FROM known
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
),

-- A lead that is open again keeps the moment of its first end: what was seen after it was not seen of an open lead.
closed AS (
  SELECT
    k.lead_id,
    n.outcome,
    MIN(IF(k.outcome != 'open', k.occurred_at, NULL)) AS closed_at,
    MIN(IF(k.outcome IN UNNEST(@positive), k.occurred_at, NULL)) AS converted_at
  FROM known AS k
  JOIN newest AS n ON n.lead_id = k.lead_id
  GROUP BY k.lead_id, n.outcome
),

certain AS (
  SELECT m.*, c.closed_at, COALESCE(c.converted_at <= m.matures_at, FALSE) AS converted
  FROM moments AS m
  JOIN closed AS c ON c.lead_id = m.lead_id
  WHERE m.matures_at <= @as_of
    AND c.closed_at > m.as_of
    AND (c.outcome != 'open' OR COALESCE(c.converted_at <= m.matures_at, FALSE))
)
