-- One question about an account that is not asked again at @as_of.
-- @as_of TIMESTAMP
SELECT account_id, question
FROM leadwerk.company_answers
WHERE expires_at > @as_of
GROUP BY account_id, question
ORDER BY account_id, question
