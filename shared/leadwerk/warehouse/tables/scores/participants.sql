-- Leads of the experiment @experiment with the arm that was first recorded, and what has become of them by @as_of: when
-- first won within @horizon_days after creation, the contract's amount, and how often the lead was contacted until then.
-- Leads whose person objects are left out.
--
-- @experiment STRING
-- @first_day DATE
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- @as_of TIMESTAMP
-- include objections/active
,

first_arm AS (
  SELECT lead_id, arm, arm_probability
  FROM leadwerk.scores
  WHERE day >= @first_day AND experiment = @experiment AND scored_at <= @as_of
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

creations AS (
  SELECT lead_id, MIN(created_at) AS created_at
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  GROUP BY lead_id
),

wins AS (
  SELECT t.lead_id, MIN(t.occurred_at) AS won_at, MAX(t.amount) AS amount
  FROM leadwerk.outcomes AS t
  JOIN creations AS c ON c.lead_id = t.lead_id
  WHERE t.outcome IN UNNEST(@positive) AND t.recorded_at <= @as_of AND t.occurred_at <= @as_of
    AND t.occurred_at <= TIMESTAMP_ADD(c.created_at, INTERVAL @horizon_days DAY)
  GROUP BY t.lead_id
),

-- include outcomes/contacts
,

contact_counts AS (
  SELECT n.lead_id, COUNT(*) AS calls
  FROM contacts AS n
  JOIN creations AS c ON c.lead_id = n.lead_id
  WHERE n.contacted_at <= TIMESTAMP_ADD(c.created_at, INTERVAL @horizon_days DAY)
  GROUP BY n.lead_id
)

SELECT
  a.lead_id,
  a.arm,
  a.arm_probability,
  c.created_at,
  w.won_at,
  w.amount,
  COALESCE(n.calls, 0) AS calls,
  TIMESTAMP_ADD(c.created_at, INTERVAL @horizon_days DAY) <= @as_of AS is_mature
FROM first_arm AS a
JOIN creations AS c ON c.lead_id = a.lead_id
LEFT JOIN wins AS w ON w.lead_id = a.lead_id
LEFT JOIN contact_counts AS n ON n.lead_id = a.lead_id
ORDER BY c.created_at, a.lead_id
