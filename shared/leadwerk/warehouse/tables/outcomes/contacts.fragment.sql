-- One contact with a lead since the first day: a status of the CRM, a touchpoint or a verdict that means one.
-- @first_day DATE
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- @as_of TIMESTAMP
WITH contacts AS (
  SELECT lead_id, occurred_at AS contacted_at
  FROM leadwerk.outcomes
  WHERE day >= @first_day AND status IN UNNEST(@contact_statuses) AND recorded_at <= @as_of AND occurred_at <= @as_of
  UNION ALL
  SELECT lead_id, occurred_at AS contacted_at
  FROM leadwerk.touchpoints
  WHERE day >= @first_day AND kind IN UNNEST(@contact_touchpoints) AND recorded_at <= @as_of AND occurred_at <= @as_of
  UNION ALL
  SELECT lead_id, given_at AS contacted_at
  FROM leadwerk.verdicts
  WHERE day >= @first_day AND given_at <= @as_of
    -- where
)
