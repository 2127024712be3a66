-- A stage and a month (UTC) in which leads first entered it since @first_day: how many, how many of them had a whole
-- horizon since, and how many of these reached a later stage within it.
--
-- The way's stages with their places, and the days within which the next one counts.
-- @way ARRAY<STRUCT<stage STRING, place INT64, horizon_days INT64>>
-- @first_day DATE
-- @as_of TIMESTAMP
WITH way AS (SELECT w.stage, w.place, w.horizon_days FROM UNNEST(@way) AS w),

changes_on_the_way AS (
  SELECT c.lead_id, c.changed_at, w.stage, w.place, w.horizon_days
  FROM leadwerk.stage_changes AS c
  JOIN way AS w ON w.stage = c.to_stage
  WHERE c.day >= @first_day AND c.changed_at <= @as_of
),

entries AS (
  SELECT lead_id, stage, place, horizon_days, MIN(changed_at) AS entered_at
  FROM changes_on_the_way
  GROUP BY lead_id, stage, place, horizon_days
),

progress AS (
  SELECT
    e.lead_id, e.stage, e.place, e.entered_at, TIMESTAMP_ADD(e.entered_at, INTERVAL e.horizon_days DAY) AS ends_at,
    MIN(c.changed_at) AS reached_at
  FROM entries AS e
  LEFT JOIN changes_on_the_way AS c ON c.lead_id = e.lead_id AND c.place > e.place AND c.changed_at > e.entered_at
  GROUP BY e.lead_id, e.stage, e.place, e.entered_at, e.horizon_days
)

SELECT
  DATE(EXTRACT(YEAR FROM DATE(entered_at)), EXTRACT(MONTH FROM DATE(entered_at)), 1) AS month,
  stage,
  place,
  COUNT(*) AS entered,
  COUNTIF(ends_at <= @as_of) AS matured,
  COUNTIF(ends_at <= @as_of AND COALESCE(reached_at <= ends_at, FALSE)) AS advanced
FROM progress
GROUP BY month, stage, place
ORDER BY month, place
