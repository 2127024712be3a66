-- One policy put in force by a person, latest first.
-- @now TIMESTAMP
-- @most INT64
SELECT change_id, changed_at, kind, from_version, to_version, author, reason
FROM leadwerk.policy_changes
WHERE changed_at <= @now
QUALIFY ROW_NUMBER() OVER (PARTITION BY change_id ORDER BY changed_at) = 1
ORDER BY changed_at DESC, change_id DESC
LIMIT @most
