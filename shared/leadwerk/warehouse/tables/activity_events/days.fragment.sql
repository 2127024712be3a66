-- The days @first_day to @last_day, each from midnight to midnight, and the tables of the export to read for them: daily
-- ones by suffix, intraday ones likewise ('' for none), without those that a daily one has replaced.
-- @first_day DATE
-- @last_day DATE
-- @time_zone STRING
-- @first_suffix STRING
-- @last_suffix STRING
-- @first_intraday STRING
-- @last_intraday STRING
-- @superseded ARRAY<STRING>
WITH days AS (
  SELECT
    day,
    FORMAT_DATE('%Y%m%d', day) AS suffix,
    UNIX_MICROS(TIMESTAMP(day, @time_zone)) AS begins,
    UNIX_MICROS(TIMESTAMP(DATE_ADD(day, INTERVAL 1 DAY), @time_zone)) AS ends
  FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
),
