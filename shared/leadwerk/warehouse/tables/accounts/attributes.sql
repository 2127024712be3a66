-- One account with the latest value of each attribute of its company, among all that its contacts stated until @as_of.
-- @account_ids ARRAY<STRING>
-- @as_of TIMESTAMP
WITH numbered AS (
  SELECT
    *, ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS version,
    FIRST_VALUE(created_at) OVER (PARTITION BY lead_id ORDER BY recorded_at, event_id) AS first_created_at
  FROM leadwerk.leads
),

-- As in lead_features: what the form states counts from when the lead was created.
versions AS (
  SELECT *, IF(version = 1, LEAST(recorded_at, first_created_at), recorded_at) AS known_from FROM numbered
),

stated_values AS (
  SELECT
    account_id, employees, revenue, industry, country, region,
    -- for each number
    (SELECT MAX(a.number) FROM UNNEST(attributes) AS a WHERE a.name = '${number}') AS attribute_${number},
    -- end
    -- for each category
    (SELECT MAX(a.text) FROM UNNEST(attributes) AS a WHERE a.name = '${category}') AS attribute_${category},
    -- end
    ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY known_from, lead_id, version) AS position
  FROM versions
  WHERE account_id IN UNNEST(@account_ids) AND known_from <= @as_of
)

SELECT
  account_id,
  -- for each number
  ANY_VALUE(attribute_${number} HAVING MAX IF(attribute_${number} IS NULL, NULL, position)) AS attribute_${number},
  -- end
  -- for each category
  ANY_VALUE(attribute_${category} HAVING MAX IF(attribute_${category} IS NULL, NULL, position)) AS attribute_${category},
  -- end
  ANY_VALUE(employees HAVING MAX IF(employees IS NULL, NULL, position)) AS employees,
  ANY_VALUE(revenue HAVING MAX IF(revenue IS NULL, NULL, position)) AS revenue,
  ANY_VALUE(industry HAVING MAX IF(industry IS NULL, NULL, position)) AS industry,
  ANY_VALUE(country HAVING MAX IF(country IS NULL, NULL, position)) AS country,
  ANY_VALUE(region HAVING MAX IF(region IS NULL, NULL, position)) AS region
FROM stated_values
GROUP BY account_id
ORDER BY account_id
