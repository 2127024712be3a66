-- One account with the latest value of each attribute of its company, among all that its contacts stated until @as_of;
-- what nobody stated comes from registries and language models, if the policy counts their facts.
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

-- include company_answers/facts where account_id IN UNNEST(@account_ids)

-- for each minimum_percent
latest_facts AS (
  SELECT
    account_id,
    CAST(ANY_VALUE(number HAVING MAX IF(name = 'employees', position, NULL)) AS INT64) AS employees,
    ANY_VALUE(number HAVING MAX IF(name = 'revenue', position, NULL)) AS revenue,
    ANY_VALUE(text HAVING MAX IF(name = 'industry', position, NULL)) AS industry,
    -- for each company_number
    ANY_VALUE(number HAVING MAX IF(name = '${company_number}', position, NULL)) AS attribute_${company_number},
    -- end
    -- for each company_category
    ANY_VALUE(text HAVING MAX IF(name = '${company_category}', position, NULL)) AS attribute_${company_category},
    -- end
    -- for each company_fact
    ANY_VALUE(confidence HAVING MAX IF(name = '${company_fact}', position, NULL)) AS ${company_fact}_confidence,
    -- end
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY priority, known_from, event_id, name) AS position
    FROM company_facts
    WHERE known_from <= @as_of
  )
  GROUP BY account_id
),
-- end

-- include accounts/stated
SELECT
  s.account_id,
  -- for each number
  s.attribute_${number},
  -- end
  -- for each category
  s.attribute_${category},
  -- end
  -- for each company_number
  COALESCE(s.attribute_${company_number}, f.attribute_${company_number}) AS attribute_${company_number},
  -- end
  -- for each company_category
  COALESCE(s.attribute_${company_category}, f.attribute_${company_category}) AS attribute_${company_category},
  -- end
  COALESCE(
    s.employees,
    -- for each minimum_percent
    f.employees,
    -- end
    NULL
  ) AS employees,
  COALESCE(
    s.revenue,
    -- for each minimum_percent
    f.revenue,
    -- end
    NULL
  ) AS revenue,
  COALESCE(
    s.industry,
    -- for each minimum_percent
    f.industry,
    -- end
    NULL
  ) AS industry,
  s.country, s.region,
  CASE
    -- for each minimum_percent
    WHEN f.account_id IS NOT NULL THEN LEAST(
        -- for each company_column
        IF(s.${company_column} IS NULL, COALESCE(f.${company_column}_confidence, 1.0), 1.0),
        -- end
        -- for each company_attribute
        IF(s.attribute_${company_attribute} IS NULL, COALESCE(f.${company_attribute}_confidence, 1.0), 1.0),
        -- end
        1.0
      )
    -- end
    WHEN s.employees IS NOT NULL OR s.revenue IS NOT NULL OR s.industry IS NOT NULL THEN 1.0
  END AS company_confidence
FROM stated AS s
-- for each minimum_percent
LEFT JOIN latest_facts AS f ON f.account_id = s.account_id
-- end
ORDER BY s.account_id
