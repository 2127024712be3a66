-- One landmark of a lead that was open at that moment, and how the lead has ended by @as_of: when it closed for the first
-- time and when it first converted (null: not yet). A lead that was opened again without converting has not closed.
--
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
-- include labels/landmarks
,

-- include outcomes/mature

SELECT
  m.lead_id,
  m.as_of,
  IF(e.outcome = 'open' AND e.converted_at IS NULL, NULL, e.closed_at) AS closed_at,
  e.converted_at
FROM moments AS m
JOIN lead_ends AS e ON e.lead_id = m.lead_id
WHERE COALESCE(e.closed_at > m.as_of, TRUE)
