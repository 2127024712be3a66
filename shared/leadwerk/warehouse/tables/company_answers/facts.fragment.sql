-- for each minimum_percent
-- Facts of companies: what registries and language models gave, from when they answered; and what people and the CRM
-- stated of the attributes among them, which stands above (priority 2), from when it was recorded.
company_facts AS (
  SELECT
    account_id, answered_at AS known_from, answer_id AS event_id, 1 AS priority, f.name, f.text, f.number, f.confidence
  FROM leadwerk.company_answers CROSS JOIN UNNEST(facts) AS f
  WHERE ROUND(f.confidence * 100) >= ${minimum_percent} AND (
      -- for each company_fact with OR between
      f.name = '${company_fact}'
      -- end
    )
    -- where
  -- for each company_attribute
  UNION ALL
  SELECT
    account_id, recorded_at AS known_from, CONCAT(lead_id, ' ', event_id) AS event_id, 2 AS priority, a.name, a.text,
    a.number, 1.0 AS confidence
  FROM leadwerk.leads CROSS JOIN UNNEST(attributes) AS a
  WHERE account_id IS NOT NULL AND a.name = '${company_attribute}' AND (a.text IS NOT NULL OR a.number IS NOT NULL)
    -- where
  -- What a version only repeats is no statement.
  QUALIFY a.text IS DISTINCT FROM LAG(a.text) OVER (PARTITION BY account_id, lead_id, a.name ORDER BY recorded_at, event_id)
    OR a.number IS DISTINCT FROM LAG(a.number) OVER (PARTITION BY account_id, lead_id, a.name ORDER BY recorded_at, event_id)
  -- end
),
-- end
