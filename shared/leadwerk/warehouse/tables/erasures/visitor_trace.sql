-- Whether anything of a visitor is stored.
-- @visitor_id STRING
WITH traces AS (
  SELECT visitor_id FROM leadwerk.activity_daily
  WHERE visitor_id = @visitor_id AND day >= DATE '2000-01-01'
  UNION ALL
  SELECT visitor_id FROM leadwerk.identities WHERE visitor_id = @visitor_id
)

SELECT COUNT(*) > 0 AS is_stored FROM traces
