-- The holds that the newest step by @now left, with their end, past or not. What was picked before @first_day is not read.
-- Whose status changed since the pick is worked on: the hours count from then.
-- @first_day DATE
-- @now TIMESTAMP
WITH newest AS (
  SELECT lead_id, sequence, kind, seller, occurred_at, expires_at
  FROM leadwerk.picks
  WHERE day >= @first_day AND occurred_at <= @now
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY sequence DESC, occurred_at DESC, event_id DESC) = 1
),

worked AS (
  SELECT lead_id, MAX(occurred_at) AS worked_at
  FROM leadwerk.outcomes
  WHERE day >= @first_day AND occurred_at <= @now AND recorded_at <= @now
  GROUP BY lead_id
),

held AS (
  SELECT
    n.lead_id, n.sequence, n.seller, n.occurred_at AS picked_at,
    TIMESTAMP_ADD(
      GREATEST(n.occurred_at, COALESCE(w.worked_at, n.occurred_at)),
      INTERVAL TIMESTAMP_DIFF(n.expires_at, n.occurred_at, SECOND) SECOND
    ) AS expires_at
  FROM newest AS n
  LEFT JOIN worked AS w ON w.lead_id = n.lead_id
  WHERE n.kind = 'picked'
),
