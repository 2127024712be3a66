-- All leads: how many, how many may be joined with web behaviour, how many are linked with a visitor, the newest.
-- @as_of TIMESTAMP
WITH newest AS (
  SELECT lead_id, web_consent, created_at
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

linked AS (
  SELECT DISTINCT lead_id
  FROM leadwerk.identities
  WHERE linked_at <= @as_of
)

SELECT
  COUNT(*) AS leads,
  COUNTIF(n.web_consent) AS with_consent,
  COUNTIF(l.lead_id IS NOT NULL) AS linked,
  MAX(n.created_at) AS newest_at
FROM newest AS n
LEFT JOIN linked AS l ON l.lead_id = n.lead_id
