-- How many leads a seller gave a verdict on since a moment: the calls of the week.
-- @seller STRING
-- @first_day DATE
-- @since TIMESTAMP
-- @as_of TIMESTAMP
SELECT COUNT(DISTINCT lead_id) AS calls
FROM leadwerk.verdicts
WHERE day >= @first_day AND given_at >= @since AND given_at <= @as_of AND seller = @seller
