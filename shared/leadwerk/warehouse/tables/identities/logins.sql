-- One new link: a visitor logged in as a lead on the days @first_day to @last_day, and no earlier link exists.
-- Sites send many things as user_id: only the id of a lead links, from when both the login and the lead were known.
--
-- @first_day DATE
-- @last_day DATE
WITH logins AS (
  SELECT visitor_id, user_id AS lead_id, MIN(occurred_at) AS logged_in_at
  FROM leadwerk.activity_events
  WHERE day BETWEEN @first_day AND @last_day AND user_id IS NOT NULL
  GROUP BY visitor_id, user_id
),

created AS (
  SELECT lead_id, MIN(LEAST(recorded_at, created_at)) AS exists_since
  FROM leadwerk.leads
  WHERE lead_id IN (SELECT lead_id FROM logins)
  GROUP BY lead_id
),

links AS (
  SELECT l.visitor_id, l.lead_id, GREATEST(l.logged_in_at, c.exists_since) AS linked_at
  FROM logins AS l
  JOIN created AS c ON c.lead_id = l.lead_id
)

SELECT n.visitor_id, n.lead_id, n.linked_at, 'login' AS source
FROM links AS n
LEFT JOIN (
  SELECT visitor_id, lead_id, MIN(linked_at) AS linked_at FROM leadwerk.identities GROUP BY visitor_id, lead_id
) AS i ON i.visitor_id = n.visitor_id AND i.lead_id = n.lead_id AND i.linked_at <= n.linked_at
WHERE i.visitor_id IS NULL
