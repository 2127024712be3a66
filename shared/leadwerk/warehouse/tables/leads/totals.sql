-- Counts of all leads: with web consent, and linked to a visitor.
-- include leads/latest
,

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
