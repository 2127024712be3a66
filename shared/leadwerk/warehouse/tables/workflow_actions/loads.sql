-- How many leads each seller has at @as_of: given by workflows since @since, or picked since then and still held.
-- @since TIMESTAMP
-- @as_of TIMESTAMP
WITH given_leads AS (
  SELECT owner AS seller, lead_id
  FROM leadwerk.workflow_actions
  WHERE day >= DATE(@since) AND attempt = 0 AND changed_at > @since AND changed_at <= @as_of AND owner IS NOT NULL
),
latest_step AS (
  SELECT lead_id, kind, seller
  FROM leadwerk.picks
  WHERE day >= DATE(@since) AND occurred_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY sequence DESC, occurred_at DESC, event_id DESC) = 1
),
leads_of_sellers AS (
  SELECT seller, lead_id FROM given_leads
  UNION ALL
  SELECT seller, lead_id FROM latest_step WHERE kind = 'picked'
)
SELECT seller, COUNT(DISTINCT lead_id) AS leads
FROM leads_of_sellers
GROUP BY seller
ORDER BY seller
