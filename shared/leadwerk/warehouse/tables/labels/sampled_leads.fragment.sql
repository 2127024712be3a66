-- Leads whose landmarks teach or test: those created from @whole_from on, and a sample by the hash of their id,
-- below @winners_below for those that had won by @known_at and below @others_below for all others.
-- @positive ARRAY<STRING>
-- @known_at TIMESTAMP
-- @whole_from TIMESTAMP
-- @winners_below STRING
-- @others_below STRING
WITH won_leads AS (
  SELECT lead_id
  FROM leadwerk.outcomes
  WHERE recorded_at <= @known_at AND occurred_at <= @known_at AND outcome IN UNNEST(@positive)
  GROUP BY lead_id
),

created_leads AS (
  SELECT lead_id, MAX(created_at) AS created_at
  FROM leadwerk.leads
  GROUP BY lead_id
),

drawn_leads AS (
  SELECT
    c.lead_id, c.created_at, w.lead_id IS NOT NULL AS has_won,
    TO_HEX(MD5(c.lead_id)) < IF(w.lead_id IS NULL, @others_below, @winners_below) AS is_drawn
  FROM created_leads AS c
  LEFT JOIN won_leads AS w ON w.lead_id = c.lead_id
),

sampled_leads AS (
  SELECT lead_id, has_won, is_drawn
  FROM drawn_leads
  WHERE is_drawn OR created_at >= @whole_from
),

