-- One step of the picking of a lead, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT event_id, sequence, kind, seller, occurred_at AS happened_at, expires_at, taken_from
FROM leadwerk.picks
WHERE lead_id = @lead_id AND day >= @first_day AND occurred_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY recorded_at) = 1
ORDER BY sequence, event_id
