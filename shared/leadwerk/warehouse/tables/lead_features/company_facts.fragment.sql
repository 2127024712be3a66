-- What the contacts of these accounts stated of their company, from when it was recorded.
colleague_versions AS (
  SELECT
    account_id, employees, revenue, industry, recorded_at,
    ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY recorded_at, lead_id, event_id) AS position
  FROM leadwerk.leads
  WHERE account_id IN (
      SELECT account_id FROM leads_as_of
      WHERE account_id IS NOT NULL AND (employees IS NULL OR revenue IS NULL OR industry IS NULL)
    )
    AND (employees IS NOT NULL OR revenue IS NOT NULL OR industry IS NOT NULL)
),

account_facts AS (
  SELECT
    k.point_id AS lead_id, k.as_of,
    ANY_VALUE(c.employees HAVING MAX IF(c.employees IS NULL, NULL, c.position)) AS employees,
    ANY_VALUE(c.revenue HAVING MAX IF(c.revenue IS NULL, NULL, c.position)) AS revenue,
    ANY_VALUE(c.industry HAVING MAX IF(c.industry IS NULL, NULL, c.position)) AS industry
  FROM leads_as_of AS k
  JOIN colleague_versions AS c ON c.account_id = k.account_id AND c.recorded_at <= k.as_of
  GROUP BY k.point_id, k.as_of
),
