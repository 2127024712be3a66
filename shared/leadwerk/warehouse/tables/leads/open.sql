-- One lead that may still convert: created since @created_since, and without any closing outcome known at @as_of.
-- An older one, too, if a person set its cluster for some time since then: it is scored until after that has ended.
--
-- @created_since TIMESTAMP
-- @as_of TIMESTAMP
WITH newest AS (
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
  AND NOT EXISTS (
    SELECT 1
    FROM leadwerk.outcomes AS outcomes
    WHERE outcomes.lead_id = newest.lead_id AND outcomes.outcome != 'open' AND outcomes.recorded_at <= @as_of
  )
ORDER BY lead_id
