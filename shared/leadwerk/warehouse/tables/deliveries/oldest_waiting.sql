-- How many leads' latest scores at @as_of the CRM lacks and has not refused, and since when the oldest waits.
-- @first_day DATE
-- include scores/latest where basis != 'no_champion'
,

-- include leads/gone
,

latest_attempt AS (
  SELECT score_id, state
  FROM leadwerk.deliveries
  WHERE day >= @first_day
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY score_id ORDER BY attempt DESC, attempted_at DESC, delivery_id DESC
  ) = 1
)

SELECT COUNT(*) AS waiting, MIN(n.scored_at) AS oldest
FROM latest_score AS n
LEFT JOIN latest_attempt AS a ON a.score_id = n.score_id
WHERE (a.state IS NULL OR a.state IN ('retry', 'repair')) AND n.lead_id NOT IN (SELECT lead_id FROM gone_lead)
