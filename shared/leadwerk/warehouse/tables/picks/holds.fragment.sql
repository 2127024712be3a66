-- The latest pick of each lead by @now with its end, past or not. Picks before @first_day are not read.
-- A status change after the pick counts as work and restarts its hours.
-- @first_day DATE
-- @now TIMESTAMP
WITH latest_pick AS (
  SELECT lead_id, sequence, kind, seller, occurred_at, expires_at
  FROM leadwerk.picks
  WHERE day >= @first_day AND occurred_at <= @now
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY sequence DESC, occurred_at DESC, event_id DESC) = 1
),

last_status_change AS (
  SELECT lead_id, MAX(occurred_at) AS worked_at
  FROM leadwerk.outcomes
  WHERE day >= @first_day AND occurred_at <= @now AND recorded_at <= @now
  GROUP BY lead_id
),

picks_with_end AS (
  SELECT
    n.lead_id, n.sequence, n.seller, n.occurred_at AS picked_at,
    TIMESTAMP_ADD(
      GREATEST(n.occurred_at, COALESCE(w.worked_at, n.occurred_at)),
      INTERVAL TIMESTAMP_DIFF(n.expires_at, n.occurred_at, SECOND) SECOND
    ) AS expires_at
  FROM latest_pick AS n
  LEFT JOIN last_status_change AS w ON w.lead_id = n.lead_id
  WHERE n.kind = 'picked'
),
