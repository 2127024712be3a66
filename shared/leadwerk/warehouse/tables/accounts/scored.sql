-- One contact with its latest score, of the @most accounts whose contacts show the most interest.
-- @most INT64
-- include leads/latest
,

-- include scores/latest
,

scored_contacts AS (
  SELECT
    l.account_id, s.lead_id, s.stage, s.phase,
    COALESCE(CAST(ROUND(s.interest * 100) AS INT64), 0) AS interest_hundredths,
    COALESCE(CAST(ROUND(s.points * 100) AS INT64), 0) AS points_hundredths,
    s.score_cluster = 'DISQUALIFIED' AS disqualified
  FROM latest_score AS s
  JOIN latest_lead AS l ON l.lead_id = s.lead_id
  WHERE l.account_id IS NOT NULL AND l.record_state IS NULL
),

top_accounts AS (
  SELECT account_id, SUM(IF(disqualified, 0, interest_hundredths)) AS interest
  FROM scored_contacts
  GROUP BY account_id
  ORDER BY interest DESC, account_id
  LIMIT @most
)

SELECT c.*
FROM scored_contacts AS c
JOIN top_accounts AS s ON s.account_id = c.account_id
ORDER BY c.account_id, c.lead_id
