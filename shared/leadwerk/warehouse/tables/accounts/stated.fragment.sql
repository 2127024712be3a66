-- What the contacts of accounts stated of their company, and the latest statement of each attribute. A version that only
-- repeats what its lead stated before is no statement, as in lead_features.
-- @account_ids ARRAY<STRING>
-- @as_of TIMESTAMP
version_values AS (
  SELECT
    account_id, lead_id, version, known_from, employees, revenue, industry, country, region,
    -- for each number
    (SELECT MAX(a.number) FROM UNNEST(attributes) AS a WHERE a.name = '${number}') AS attribute_${number},
    -- end
    -- for each company_number
    (SELECT MAX(a.number) FROM UNNEST(attributes) AS a WHERE a.name = '${company_number}')
      AS attribute_${company_number},
    -- end
    -- for each category
    (SELECT MAX(a.text) FROM UNNEST(attributes) AS a WHERE a.name = '${category}') AS attribute_${category},
    -- end
    -- for each company_category
    (SELECT MAX(a.text) FROM UNNEST(attributes) AS a WHERE a.name = '${company_category}')
      AS attribute_${company_category},
    -- end
  FROM versions
  WHERE account_id IN UNNEST(@account_ids) AND known_from <= @as_of
),

stated_values AS (
  SELECT
    account_id,
    -- for each number
    IF(attribute_${number} IS DISTINCT FROM LAG(attribute_${number}) OVER by_lead, attribute_${number}, NULL) AS attribute_${number},
    -- end
    -- for each company_number
    IF(attribute_${company_number} IS DISTINCT FROM LAG(attribute_${company_number}) OVER by_lead, attribute_${company_number}, NULL) AS attribute_${company_number},
    -- end
    -- for each category
    IF(attribute_${category} IS DISTINCT FROM LAG(attribute_${category}) OVER by_lead, attribute_${category}, NULL) AS attribute_${category},
    -- end
    -- for each company_category
    IF(attribute_${company_category} IS DISTINCT FROM LAG(attribute_${company_category}) OVER by_lead, attribute_${company_category}, NULL) AS attribute_${company_category},
    -- end
    IF(employees IS DISTINCT FROM LAG(employees) OVER by_lead, employees, NULL) AS employees,
    IF(revenue IS DISTINCT FROM LAG(revenue) OVER by_lead, revenue, NULL) AS revenue,
    IF(industry IS DISTINCT FROM LAG(industry) OVER by_lead, industry, NULL) AS industry,
    IF(country IS DISTINCT FROM LAG(country) OVER by_lead, country, NULL) AS country,
    IF(region IS DISTINCT FROM LAG(region) OVER by_lead, region, NULL) AS region,
    ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY known_from, lead_id, version) AS position
  FROM version_values
  WINDOW by_lead AS (PARTITION BY account_id, lead_id ORDER BY version)
),

stated AS (
  SELECT
    account_id,
    -- for each number
    ANY_VALUE(attribute_${number} HAVING MAX IF(attribute_${number} IS NULL, NULL, position)) AS attribute_${number},
    -- end
    -- for each company_number
    ANY_VALUE(attribute_${company_number} HAVING MAX IF(attribute_${company_number} IS NULL, NULL, position))
      AS attribute_${company_number},
    -- end
    -- for each category
    ANY_VALUE(attribute_${category} HAVING MAX IF(attribute_${category} IS NULL, NULL, position)) AS attribute_${category},
    -- end
    -- for each company_category
    ANY_VALUE(attribute_${company_category} HAVING MAX IF(attribute_${company_category} IS NULL, NULL, position))
      AS attribute_${company_category},
    -- end
    ANY_VALUE(employees HAVING MAX IF(employees IS NULL, NULL, position)) AS employees,
    ANY_VALUE(revenue HAVING MAX IF(revenue IS NULL, NULL, position)) AS revenue,
    ANY_VALUE(industry HAVING MAX IF(industry IS NULL, NULL, position)) AS industry,
    ANY_VALUE(country HAVING MAX IF(country IS NULL, NULL, position)) AS country,
    ANY_VALUE(region HAVING MAX IF(region IS NULL, NULL, position)) AS region
  FROM stated_values
  GROUP BY account_id
)
