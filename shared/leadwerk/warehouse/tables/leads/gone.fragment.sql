-- Leads whose record the CRM deleted, or merged into another, as of @as_of: they are neither scored nor delivered.
-- A later version of the lead, as of a restored record, brings it back.
-- @as_of TIMESTAMP
WITH gone_lead AS (
  SELECT lead_id
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
    -- where
  GROUP BY lead_id
  HAVING MAX(IF(record_state IS NULL, NULL, recorded_at)) >= MAX(recorded_at)
)
