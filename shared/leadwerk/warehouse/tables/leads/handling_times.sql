-- One lead that came since @created_since: minutes until its first contact and from there to its closing, and contacts.
-- Null: no contact yet, or still open. A lead that was opened again is open.
-- @first_day DATE
-- @created_since TIMESTAMP
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- include outcomes/closed

lead_versions AS (
  SELECT lead_id, created_at
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

-- include picks/first
,

-- include outcomes/contacts where reached
,

contacts_of_lead AS (
  SELECT lead_id, MIN(contacted_at) AS first_at, COUNT(*) AS contacts
  FROM contacts
  GROUP BY lead_id
)

SELECT
  k.lead_id,
  p.seller,
  TIMESTAMP_DIFF(c.first_at, k.created_at, MINUTE) AS waited_minutes,
  COALESCE(c.contacts, 0) AS contacts,
  TIMESTAMP_DIFF(d.closed_at, c.first_at, MINUTE) AS handled_minutes
FROM lead_versions AS k
LEFT JOIN contacts_of_lead AS c ON c.lead_id = k.lead_id
LEFT JOIN first_pick AS p ON p.lead_id = k.lead_id
LEFT JOIN closed_leads AS d ON d.lead_id = k.lead_id AND d.closed_at >= c.first_at
ORDER BY k.lead_id
