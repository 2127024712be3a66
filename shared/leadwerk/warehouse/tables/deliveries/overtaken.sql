-- One lead of @lead_ids whose latest score at @as_of is not in @score_ids: it was stored while another was being sent.
-- @lead_ids ARRAY<STRING>
-- @score_ids ARRAY<STRING>
-- As in deliveries/outbox: without model and rules only leads that have or had an override change.
-- include scores/latest where lead_id IN UNNEST(@lead_ids) AND (basis <> 'no_champion' OR lead_id IN (SELECT lead_id FROM leadwerk.overrides))
,

-- include leads/gone where lead_id IN UNNEST(@lead_ids)

SELECT lead_id
FROM latest_score
WHERE score_id NOT IN UNNEST(@score_ids) AND lead_id NOT IN (SELECT lead_id FROM gone_lead)
ORDER BY lead_id
