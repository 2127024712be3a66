-- One contact with its newest score, of the @most accounts whose contacts are most interested.
-- @first_day DATE
-- @as_of TIMESTAMP
-- @most INT64
WITH newest_lead AS (
  SELECT lead_id, account_id
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

newest_score AS (
  SELECT lead_id, score_cluster, stage, phase, interest, points
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

contacts AS (
  SELECT
    l.account_id, s.lead_id, s.stage, s.phase,
    COALESCE(CAST(ROUND(s.interest * 100) AS INT64), 0) AS interest_hundredths,
    COALESCE(CAST(ROUND(s.points * 100) AS INT64), 0) AS points_hundredths,
    s.score_cluster = 'DISQUALIFIED' AS disqualified
  FROM newest_score AS s
  JOIN newest_lead AS l ON l.lead_id = s.lead_id
  WHERE l.account_id IS NOT NULL
),

strongest AS (
  SELECT account_id, SUM(IF(disqualified, 0, interest_hundredths)) AS interest
  FROM contacts
  GROUP BY account_id
  ORDER BY interest DESC, account_id
  LIMIT @most
)

SELECT c.*
FROM contacts AS c
JOIN strongest AS s ON s.account_id = c.account_id
ORDER BY c.account_id, c.lead_id
