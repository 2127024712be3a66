-- One account with the newest fact of each kind about its company, among all that contacts told until @as_of.
-- @account_ids ARRAY<STRING>
-- @as_of TIMESTAMP
WITH numbered AS (
  SELECT
    *, ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS version,
    FIRST_VALUE(created_at) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS born_at
  FROM leadwerk.leads
),

-- As in lead_features: what the form said was known when the lead was created.
versions AS (
  SELECT *, IF(version = 1, LEAST(recorded_at, born_at), recorded_at) AS known_from FROM numbered
),

told AS (
  SELECT
    account_id, employees, revenue, industry, country, region,
    -- for each number
    (SELECT MAX(a.number) FROM UNNEST(attributes) AS a WHERE a.name = '${number}') AS attribute_${number},
    -- end
    -- for each category
    (SELECT MAX(a.text) FROM UNNEST(attributes) AS a WHERE a.name = '${category}') AS attribute_${category},
    -- end
    ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY known_from, lead_id, version) AS place
  FROM versions
  WHERE account_id IN UNNEST(@account_ids) AND known_from <= @as_of
)

SELECT
  account_id,
  -- for each number
  ANY_VALUE(attribute_${number} HAVING MAX IF(attribute_${number} IS NULL, NULL, place)) AS attribute_${number},
  -- end
  -- for each category
  ANY_VALUE(attribute_${category} HAVING MAX IF(attribute_${category} IS NULL, NULL, place)) AS attribute_${category},
  -- end
  ANY_VALUE(employees HAVING MAX IF(employees IS NULL, NULL, place)) AS employees,
  ANY_VALUE(revenue HAVING MAX IF(revenue IS NULL, NULL, place)) AS revenue,
  ANY_VALUE(industry HAVING MAX IF(industry IS NULL, NULL, place)) AS industry,
  ANY_VALUE(country HAVING MAX IF(country IS NULL, NULL, place)) AS country,
  ANY_VALUE(region HAVING MAX IF(region IS NULL, NULL, place)) AS region
FROM told
GROUP BY account_id
ORDER BY account_id
