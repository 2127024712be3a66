-- One link of a web visitor to a lead, as of @as_of, and since when.
--
-- @visitor_ids ARRAY<STRING>
-- @as_of TIMESTAMP
SELECT visitor_id, lead_id, MIN(linked_at) AS linked_at
FROM leadwerk.identities
WHERE visitor_id IN UNNEST(@visitor_ids) AND linked_at <= @as_of
GROUP BY visitor_id, lead_id
