-- One change of a lead's stage, in order.
-- @lead_id STRING
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT changed_at AS happened_at, from_stage, to_stage, direction, reason, score_id
FROM leadwerk.stage_changes
WHERE lead_id = @lead_id AND day >= @first_day AND changed_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY changed_at ORDER BY to_stage, reason) = 1
ORDER BY changed_at
