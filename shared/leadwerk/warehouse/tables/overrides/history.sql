-- One override of a lead's cluster or its release, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT event_id, sequence, set_at AS happened_at, cluster, ends_at, author, reason
FROM leadwerk.overrides
WHERE lead_id = @lead_id AND DATE(set_at) >= @first_day AND set_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY set_at) = 1
ORDER BY set_at, sequence, event_id
