-- One day of landmarks: how many there are, and how many of them are of leads that had won by @known_at.
-- @positive ARRAY<STRING>
-- @known_at TIMESTAMP
-- @time_zone STRING
-- include labels/landmarks
,

won_leads AS (
  SELECT lead_id
  FROM leadwerk.outcomes
  WHERE recorded_at <= @known_at AND occurred_at <= @known_at AND outcome IN UNNEST(@positive)
  GROUP BY lead_id
)

SELECT DATE(m.as_of, @time_zone) AS day, COUNT(*) AS landmarks, COUNTIF(w.lead_id IS NOT NULL) AS winners
FROM moments AS m
LEFT JOIN won_leads AS w ON w.lead_id = m.lead_id
GROUP BY day
