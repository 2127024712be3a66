-- Leads created since @created_since until @as_of: channel, campaign source, when won and for how much, how often they
-- were contacted until then, whether their first score was HOT, and whether @horizon_days are over. A customer is an
-- account, else a person, else the lead alone.
--
-- @created_since TIMESTAMP
-- @first_day DATE
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- @as_of TIMESTAMP
-- include objections/active
,

lead_versions AS (
  SELECT lead_id, created_at, channel, COALESCE(account_id, person_key, lead_id) AS customer
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND created_at >= @created_since AND created_at <= @as_of
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

first_score AS (
  SELECT lead_id, score_cluster, probability
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND basis = 'model'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

wins AS (
  SELECT t.lead_id, MIN(t.occurred_at) AS won_at, MAX(t.amount) AS amount
  FROM leadwerk.outcomes AS t
  JOIN lead_versions AS c ON c.lead_id = t.lead_id
  WHERE t.outcome IN UNNEST(@positive) AND t.recorded_at <= @as_of AND t.occurred_at <= @as_of
  GROUP BY t.lead_id
),

-- include outcomes/contacts
,

contact_counts AS (
  SELECT lead_id, COUNT(*) AS calls
  FROM contacts
  GROUP BY lead_id
)

SELECT
  v.lead_id,
  v.created_at,
  v.channel,
  v.customer,
  s.score_cluster = 'HOT' AS was_hot,
  s.probability,
  w.won_at,
  w.amount,
  COALESCE(n.calls, 0) AS calls,
  TIMESTAMP_ADD(v.created_at, INTERVAL @horizon_days DAY) <= @as_of AS is_mature
FROM lead_versions AS v
LEFT JOIN first_score AS s ON s.lead_id = v.lead_id
LEFT JOIN wins AS w ON w.lead_id = v.lead_id
LEFT JOIN contact_counts AS n ON n.lead_id = v.lead_id
ORDER BY v.created_at, v.lead_id
