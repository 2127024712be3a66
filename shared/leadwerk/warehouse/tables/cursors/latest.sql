-- The position up to which a source was read.
-- @source STRING
SELECT `cursor`, moved_at
FROM leadwerk.cursors
WHERE source = @source
ORDER BY moved_at DESC, `cursor` DESC
LIMIT 1
