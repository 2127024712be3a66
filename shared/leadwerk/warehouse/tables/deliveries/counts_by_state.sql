-- One cluster and one delivery state, and how many leads' latest scores at @as_of have both. Pending: never tried.
-- unknown_leads: how many of these leads the CRM did not know at the latest attempt.
-- @first_day DATE
-- include scores/latest where basis != 'no_champion'
,

latest_attempt AS (
  -- What the CRM showed already without a call counts as sent.
  SELECT score_id, IF(state = 'same', 'sent', state) AS state, http_status
  FROM leadwerk.deliveries
  WHERE day >= @first_day
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY score_id ORDER BY attempt DESC, attempted_at DESC, delivery_id DESC
  ) = 1
)

SELECT
  n.score_cluster,
  COALESCE(a.state, 'pending') AS delivery,
  COUNT(*) AS leads,
  COUNTIF(a.http_status = 404) AS unknown_leads
FROM latest_score AS n
LEFT JOIN latest_attempt AS a ON a.score_id = n.score_id
GROUP BY n.score_cluster, delivery
ORDER BY n.score_cluster, delivery
