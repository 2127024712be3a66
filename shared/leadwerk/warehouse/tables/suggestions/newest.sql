-- The newest decision on each rule of a policy.
-- @policy_version STRING
-- @now TIMESTAMP
SELECT rule, decision, decided_at, points_before, points_after, author, reason
FROM leadwerk.suggestions
WHERE policy_version = @policy_version AND decided_at <= @now
QUALIFY ROW_NUMBER() OVER (PARTITION BY rule ORDER BY decided_at DESC, decision_id DESC) = 1
ORDER BY rule
