-- What the contacts of these accounts stated of their company, from when it was recorded. A version that only repeats what
-- its lead stated before, as after a new telephone number, is no statement: it would outrank a colleague's correction.
colleague_versions AS (
  SELECT
    account_id, recorded_at,
    IF(employees IS DISTINCT FROM LAG(employees) OVER by_lead, employees, NULL) AS employees,
    IF(revenue IS DISTINCT FROM LAG(revenue) OVER by_lead, revenue, NULL) AS revenue,
    IF(industry IS DISTINCT FROM LAG(industry) OVER by_lead, industry, NULL) AS industry,
    ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY recorded_at, lead_id, event_id) AS position
  FROM leadwerk.leads
  WHERE account_id IN (
      SELECT account_id FROM leads_as_of
      WHERE account_id IS NOT NULL AND (employees IS NULL OR revenue IS NULL OR industry IS NULL)
    )
    AND (employees IS NOT NULL OR revenue IS NOT NULL OR industry IS NOT NULL)
  WINDOW by_lead AS (PARTITION BY account_id, lead_id ORDER BY recorded_at, event_id)
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
