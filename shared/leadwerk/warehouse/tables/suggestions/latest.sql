-- The latest entry of each rule of a policy in each state.
-- @policy_version STRING
-- @as_of TIMESTAMP
SELECT rule, state, recorded_at, points_before, points_after, author, reason, evidence
FROM leadwerk.suggestions
WHERE policy_version = @policy_version AND recorded_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY rule, state ORDER BY recorded_at DESC, entry_id DESC) = 1
ORDER BY rule, state
