-- One landmark of a lead whose outcome within the horizon is mature.
-- A landmark is absent while its horizon has not passed, if the lead was closed before it, and while the lead is open.
--
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
-- include labels/landmarks
,

-- include outcomes/mature

SELECT lead_id, as_of, converted
FROM mature
