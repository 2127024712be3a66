-- One KPI of a morning since @first_day, the oldest first; of two measurements of a day the first counts.
-- @first_day DATE
-- @as_of TIMESTAMP
SELECT kpi_id, day, kpi, segmented_by, segment, value, low, high, leads
FROM leadwerk.kpis_daily
WHERE day >= @first_day AND measured_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY kpi_id ORDER BY measured_at) = 1
ORDER BY day, kpi, kpi_id
