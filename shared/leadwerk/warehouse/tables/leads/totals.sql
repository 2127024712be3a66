-- Counts of all leads: with web consent, and linked to a visitor.
-- @as_of TIMESTAMP
WITH latest_lead AS (
  SELECT lead_id, web_consent
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

linked_leads AS (
  SELECT DISTINCT lead_id
  FROM leadwerk.identities
  WHERE linked_at <= @as_of
)

SELECT
  COUNT(*) AS leads,
  COUNTIF(n.web_consent) AS with_consent,
  COUNTIF(l.lead_id IS NOT NULL) AS linked
FROM latest_lead AS n
LEFT JOIN linked_leads AS l ON l.lead_id = n.lead_id
