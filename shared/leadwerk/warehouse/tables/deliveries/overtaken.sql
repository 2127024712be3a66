-- One lead of @lead_ids whose latest score at @as_of is none of @score_ids: it was stored while another was being sent.
-- @lead_ids ARRAY<STRING>
-- @score_ids ARRAY<STRING>
-- @first_day DATE
-- @as_of TIMESTAMP
WITH latest_score AS (
  SELECT lead_id, score_id
  FROM leadwerk.scores
  WHERE day >= @first_day
    AND scored_at <= @as_of
    AND lead_id IN UNNEST(@lead_ids)
    -- As in deliveries/outbox: without model and rules only leads that have or had an override change.
    AND (basis <> 'no_champion' OR lead_id IN (SELECT lead_id FROM leadwerk.overrides))
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
)
SELECT lead_id
FROM latest_score
WHERE score_id NOT IN UNNEST(@score_ids)
ORDER BY lead_id
