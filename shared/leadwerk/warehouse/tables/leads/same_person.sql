-- Another lead of the same person, and from when both were known.
-- @lead_id STRING
-- @as_of TIMESTAMP
-- include leads/same_person

SELECT other_lead_id, happened_at
FROM same_person
ORDER BY happened_at, other_lead_id
