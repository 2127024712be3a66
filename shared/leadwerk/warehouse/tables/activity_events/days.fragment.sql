-- The days @first_day to @last_day, each from midnight to midnight, and the tables of the export to read for them: of each kind
-- from a first to a last suffix, without those that stand for a day of another kind.
-- A wildcard takes in whatever its prefix matches, whatever the suffixes: one view there, such as events_flat, and BigQuery
-- refuses the statement. So the prefixes go as far as the 2 of the year, which only the tables of the export have.
-- @first_day DATE
-- @last_day DATE
-- @time_zone STRING
-- for each export
-- @first_${export} STRING
-- @last_${export} STRING
-- @without_${export} ARRAY<STRING>
-- end
WITH days AS (
  SELECT
    day,
    FORMAT_DATE('%Y%m%d', day) AS suffix,
    UNIX_MICROS(TIMESTAMP(day, @time_zone)) AS begins,
    UNIX_MICROS(TIMESTAMP(DATE_ADD(day, INTERVAL 1 DAY), @time_zone)) AS ends
  FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
),
