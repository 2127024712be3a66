-- The reasons of a score; @first_day to @last_day are the days of these scores, so that no other is read.
-- @score_ids ARRAY<STRING>
-- @lead_ids ARRAY<STRING>
-- @first_day DATE
-- @last_day DATE
SELECT score_id, reasons
FROM leadwerk.scores
WHERE lead_id IN UNNEST(@lead_ids)
  AND score_id IN UNNEST(@score_ids)
  AND day BETWEEN @first_day AND @last_day
QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY stored_at DESC) = 1
