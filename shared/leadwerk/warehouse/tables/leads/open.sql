-- One lead that may still convert: created since @created_since, and not closed, or open again, as far as is known at @as_of.
-- An older one, too, if a person set its cluster for some time since then: it is scored until after that has ended.
--
-- @created_since TIMESTAMP
-- include outcomes/closed

newest AS (
  SELECT lead_id, created_at
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
)

SELECT lead_id
FROM newest
WHERE (
    created_at >= @created_since
    OR lead_id IN (SELECT lead_id FROM leadwerk.overrides WHERE set_at <= @as_of AND ends_at >= @created_since)
  )
  AND created_at <= @as_of
  AND lead_id NOT IN (SELECT lead_id FROM closed)
ORDER BY lead_id
