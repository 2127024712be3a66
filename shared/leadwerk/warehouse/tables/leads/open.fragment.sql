-- Open leads: created since @created_since and, as of @as_of, in the CRM and not closed or reopened.
-- An older lead too while an override of its cluster ends after @created_since: it is scored until after that end.
--
-- @created_since TIMESTAMP
-- include outcomes/closed

-- include leads/latest
,

open_leads AS (
  SELECT lead_id
  FROM latest_lead
  WHERE (
      created_at >= @created_since
      OR lead_id IN (SELECT lead_id FROM leadwerk.overrides WHERE set_at <= @as_of AND ends_at >= @created_since)
    )
    AND created_at <= @as_of
    AND record_state IS NULL
    AND lead_id NOT IN (SELECT lead_id FROM closed_leads)
)
