-- A stored score of a lead of the sample since @first_day: what it knew of the lead's behaviour.
-- include stage_changes/sampled
,

sampled_leads AS (SELECT DISTINCT lead_id FROM sampled_changes)

SELECT s.lead_id, s.scored_at, s.probability, s.fit, s.interest
FROM leadwerk.scores AS s
JOIN sampled_leads AS l ON l.lead_id = s.lead_id
WHERE s.day >= @first_day AND s.scored_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY s.lead_id, s.scored_at ORDER BY s.stored_at DESC, s.score_id DESC) = 1
ORDER BY s.lead_id, s.scored_at
