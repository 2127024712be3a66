-- include company_answers/facts where account_id IN (SELECT account_id FROM leads_as_of WHERE account_id IS NOT NULL)

-- for each minimum_percent
-- For each lead and moment, the latest fact of its company; null where none was known.
enriched_facts AS (
  SELECT
    lead_id, as_of,
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
    SELECT
      k.point_id AS lead_id, k.as_of, f.name, f.text, f.number, f.confidence,
      ROW_NUMBER() OVER (
        PARTITION BY k.point_id, k.as_of ORDER BY f.priority, f.known_from, f.event_id, f.name
      ) AS position
    FROM leads_as_of AS k
    JOIN company_facts AS f ON f.account_id = k.account_id AND f.known_from <= k.as_of
  )
  GROUP BY lead_id, as_of
),
-- end
