-- One attempt to send a score of a lead, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT delivery_id, score_id, attempted_at AS happened_at, attempt, state, http_status, error
FROM leadwerk.deliveries
WHERE lead_id = @lead_id AND day >= @first_day AND attempted_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY delivery_id ORDER BY attempted_at) = 1
ORDER BY attempted_at, attempt, delivery_id
