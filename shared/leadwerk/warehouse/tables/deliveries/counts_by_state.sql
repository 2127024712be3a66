-- One cluster and one delivery state, and how many leads' latest scores at @as_of have both. Pending: never tried.
-- unknown_leads: how many of these leads the CRM did not know at the latest attempt.
-- include scores/latest where basis != 'no_champion'
,

-- include deliveries/latest_of_score

SELECT
  n.score_cluster,
  -- What the CRM showed already without a call counts as sent.
  COALESCE(IF(a.state = 'same', 'sent', a.state), 'pending') AS delivery,
  COUNT(*) AS leads,
  COUNTIF(a.http_status = 404) AS unknown_leads
FROM latest_score AS n
LEFT JOIN latest_attempt AS a ON a.score_id = n.score_id
GROUP BY n.score_cluster, delivery
ORDER BY n.score_cluster, delivery
