-- One open lead that a seller picked after @since and holds at @as_of, and of which nothing is on record since. A company
-- that is picked as a whole has closed contacts, too: of those nobody is reminded.
-- @since TIMESTAMP
-- @first_day DATE
-- @as_of TIMESTAMP
-- include outcomes/closed

-- include leads/latest
,
latest_step AS (
  SELECT lead_id, event_id, kind, seller, occurred_at
  FROM leadwerk.picks
  WHERE day >= DATE(@since) AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY sequence DESC, occurred_at DESC, event_id DESC) = 1
),
last_touch AS (
  SELECT lead_id, MAX(occurred_at) AS touched_at
  FROM (
    SELECT lead_id, occurred_at FROM leadwerk.outcomes WHERE day >= DATE(@since) AND occurred_at <= @as_of
    UNION ALL
    SELECT lead_id, occurred_at FROM leadwerk.touchpoints WHERE day >= DATE(@since) AND occurred_at <= @as_of
  )
  GROUP BY lead_id
),
score_now AS (
  SELECT lead_id, score_id, tier
  FROM leadwerk.scores
  WHERE day >= @first_day
    AND scored_at <= @as_of
    AND lead_id IN (SELECT lead_id FROM latest_step)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)
SELECT
  p.lead_id,
  p.event_id,
  p.seller,
  p.occurred_at AS picked_at,
  score_now.score_id,
  score_now.tier,
  latest_lead.language,
  latest_lead.region
FROM latest_step AS p
LEFT JOIN last_touch ON last_touch.lead_id = p.lead_id
LEFT JOIN score_now ON score_now.lead_id = p.lead_id
LEFT JOIN latest_lead ON latest_lead.lead_id = p.lead_id
WHERE p.kind = 'picked'
  AND p.occurred_at > @since
  AND p.lead_id NOT IN (SELECT lead_id FROM closed_leads)
  AND latest_lead.record_state IS NULL
  AND (last_touch.touched_at IS NULL OR last_touch.touched_at <= p.occurred_at)
ORDER BY p.occurred_at, p.lead_id
