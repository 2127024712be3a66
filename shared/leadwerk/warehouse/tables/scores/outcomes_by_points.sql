-- One lead with the points of its first score by points, and whether it converted within the horizon; only mature outcomes.
--
-- @first_day DATE
-- @horizon_days INT64
-- @positive ARRAY<STRING>
-- @as_of TIMESTAMP
WITH moments AS (
  SELECT lead_id, scored_at AS as_of, TIMESTAMP_ADD(scored_at, INTERVAL @horizon_days DAY) AS matures_at, points
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of AND basis = 'points' AND points IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at, stored_at, score_id) = 1
),

-- include outcomes/mature

SELECT lead_id, points, converted
FROM mature
