-- Changes of the leads of a sample, @per_mille of all by the hash of their id; leads whose person objects are left out.
-- @first_day DATE
-- @per_mille INT64
-- @as_of TIMESTAMP
-- include objections/active
,

sampled_changes AS (
  SELECT lead_id, changed_at, to_stage
  FROM leadwerk.stage_changes
  WHERE day >= @first_day AND changed_at <= @as_of
    AND ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(lead_id)), 1000)) < @per_mille
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, changed_at ORDER BY to_stage DESC) = 1
)
