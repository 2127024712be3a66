-- One change of a lead's status from @first_day on, as far as it is known and happened before @now.
-- @first_day DATE
-- @now TIMESTAMP
SELECT lead_id, occurred_at, status, outcome
FROM leadwerk.outcomes
WHERE day >= @first_day AND recorded_at <= @now AND occurred_at <= @now
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id, occurred_at ORDER BY recorded_at DESC, event_id DESC) = 1
ORDER BY lead_id, occurred_at
