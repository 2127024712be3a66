-- The id of one lead that exists at @as_of.
--
-- @as_of TIMESTAMP
SELECT DISTINCT lead_id
FROM leadwerk.leads
WHERE recorded_at <= @as_of AND created_at <= @as_of
ORDER BY lead_id
