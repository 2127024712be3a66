-- Changes of the leads of a sample, those whose id has a hash below @hash_below; leads whose person objects are left
-- out.
-- @first_day DATE
-- @hash_below STRING
-- @as_of TIMESTAMP
-- include objections/active
,

sampled_changes AS (
  SELECT lead_id, changed_at, to_stage
  FROM leadwerk.stage_changes
  WHERE day >= @first_day AND changed_at <= @as_of
    AND TO_HEX(MD5(lead_id)) < @hash_below
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, changed_at ORDER BY to_stage DESC) = 1
)
