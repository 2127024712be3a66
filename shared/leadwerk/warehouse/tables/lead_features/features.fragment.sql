-- Features of each lead, or visitor without a lead, at each moment, from what was recorded strictly before.
-- include lead_features/behaviour

-- include lead_features/signals

leads_as_of AS (
  SELECT
    f.*,
    IF(l.lead_id IS NOT NULL AND (f.visitor_id IS NULL OR b.lead_id IS NOT NULL), 0, NULL) AS zero,
    -- for each amount
    COALESCE(f.${amount}, g.${amount}, b.${amount}) AS known_${amount},
    -- end
    COALESCE(b.uses + g.uses, b.uses, g.uses) AS uses,
    COALESCE(b.loan_amount_sum, 0) + COALESCE(g.loan_amount_sum, 0) AS loan_amount_sum,
    -- for each windowed
    -- for each window
    b.${windowed}_${window}d,
    -- end
    -- end
    b.scroll_percent, b.first_at, b.last_at, COALESCE(f.language, b.language) AS known_language, b.source, b.medium,
    b.first_source, b.first_medium, b.device_category,
  FROM lead_versions_as_of AS f
  LEFT JOIN links AS l ON l.lead_id = f.point_id AND l.as_of = f.as_of AND l.visitor = 1
  LEFT JOIN behaviour AS b ON b.lead_id = f.point_id AND b.as_of = f.as_of
  LEFT JOIN logged_calculations AS g ON g.lead_id = f.point_id AND g.as_of = f.as_of
),

-- include lead_features/company_facts

-- include company_answers/enriched_facts

lead_features AS (
  SELECT
    k.point_id AS lead_id, k.as_of, k.first_created_at AS created_at,
    IF(k.zero IS NULL, 0, 1) AS has_web_behaviour,
    TIMESTAMP_DIFF(k.as_of, k.first_created_at, SECOND) / 86400 AS lead_age_days,
    EXTRACT(HOUR FROM k.first_created_at AT TIME ZONE @time_zone) AS created_hour,
    MOD(EXTRACT(DAYOFWEEK FROM k.first_created_at AT TIME ZONE @time_zone) + 5, 7) + 1 AS created_weekday,
    -- for each amount
    k.known_${amount} AS ${amount},
    -- end
    -- for each ratio
    SAFE_DIVIDE(k.known_${ratio.numerator} * ${ratio.factor}, k.known_${ratio.denominator}) AS ${ratio.name},
    -- end
    COALESCE(k.uses, k.zero) AS calculator_uses_90d,
    SAFE_DIVIDE(k.loan_amount_sum, k.uses) AS calculator_loan_amount_mean,
    -- for each windowed
    -- for each window
    COALESCE(k.${windowed}_${window}d, k.zero) AS ${windowed}_${window}d,
    -- end
    -- end
    SAFE_DIVIDE(k.seconds_30d, k.sessions_30d) AS session_seconds_30d, k.scroll_percent AS scroll_percent_90d,
    TIMESTAMP_DIFF(k.as_of, k.last_at, SECOND) / 86400 AS days_since_activity,
    TIMESTAMP_DIFF(k.as_of, k.first_at, SECOND) / 86400 AS days_since_first_activity,
    SAFE_DIVIDE(k.sessions_7d / 7, k.sessions_30d / 30) AS sessions_trend,
    EXTRACT(HOUR FROM k.last_at AT TIME ZONE @time_zone) AS last_active_hour,
    MOD(EXTRACT(DAYOFWEEK FROM k.last_at AT TIME ZONE @time_zone) + 5, 7) + 1 AS last_active_weekday,
    COALESCE(
      k.employees, c.employees,
      -- for each minimum_percent
      e.employees,
      -- end
      NULL
    ) AS employees,
    COALESCE(
      k.revenue, c.revenue,
      -- for each minimum_percent
      e.revenue,
      -- end
      NULL
    ) AS revenue,
    k.job_title, k.account_id, k.first_person_key AS person_key,
    CASE
      -- for each minimum_percent
      WHEN
        (k.employees IS NULL AND c.employees IS NULL AND e.employees IS NOT NULL)
        OR (k.revenue IS NULL AND c.revenue IS NULL AND e.revenue IS NOT NULL)
        OR (k.industry IS NULL AND c.industry IS NULL AND e.industry IS NOT NULL)
        THEN 'enriched'
      -- end
      WHEN (k.employees IS NULL AND c.employees IS NOT NULL) OR (k.revenue IS NULL AND c.revenue IS NOT NULL)
        OR (k.industry IS NULL AND c.industry IS NOT NULL) THEN 'account'
      WHEN k.employees IS NOT NULL OR k.revenue IS NOT NULL OR k.industry IS NOT NULL THEN 'contact'
    END AS company_source,
    CASE
      -- for each minimum_percent
      WHEN e.lead_id IS NOT NULL THEN LEAST(
          -- for each company_column
          IF(k.${company_column} IS NULL AND c.${company_column} IS NULL, COALESCE(e.${company_column}_confidence, 1.0), 1.0),
          -- end
          -- for each company_number
          IF(
            (SELECT MAX(a.number) FROM UNNEST(k.attributes) AS a WHERE a.name = '${company_number}') IS NULL,
            COALESCE(e.${company_number}_confidence, 1.0), 1.0
          ),
          -- end
          -- for each company_category
          IF(
            (SELECT MAX(a.text) FROM UNNEST(k.attributes) AS a WHERE a.name = '${company_category}') IS NULL,
            COALESCE(e.${company_category}_confidence, 1.0), 1.0
          ),
          -- end
          1.0
        )
      -- end
      WHEN COALESCE(k.employees, c.employees) IS NOT NULL OR COALESCE(k.revenue, c.revenue) IS NOT NULL
        OR COALESCE(k.industry, c.industry) IS NOT NULL THEN 1.0
    END AS company_confidence,
    k.known_language AS language, k.country, k.region, k.email_domain_kind, k.channel,
    COALESCE(
      k.industry, c.industry,
      -- for each minimum_percent
      e.industry,
      -- end
      NULL
    ) AS industry,
    k.source, k.medium, k.first_source, k.first_medium, k.device_category,
    -- include lead_features/signal_columns
    -- for each number
    (SELECT MAX(a.number) FROM UNNEST(k.attributes) AS a WHERE a.name = '${number}') AS attribute_${number},
    -- end
    -- for each category
    (SELECT MAX(a.text) FROM UNNEST(k.attributes) AS a WHERE a.name = '${category}') AS attribute_${category},
    -- end
    -- for each company_number
    COALESCE(
      (SELECT MAX(a.number) FROM UNNEST(k.attributes) AS a WHERE a.name = '${company_number}'), e.attribute_${company_number}
    ) AS attribute_${company_number},
    -- end
    -- for each company_category
    COALESCE(
      (SELECT MAX(a.text) FROM UNNEST(k.attributes) AS a WHERE a.name = '${company_category}'), e.attribute_${company_category}
    ) AS attribute_${company_category},
    -- end
  FROM leads_as_of AS k
  LEFT JOIN signals AS s ON s.lead_id = k.point_id AND s.as_of = k.as_of
  LEFT JOIN account_facts AS c ON c.lead_id = k.point_id AND c.as_of = k.as_of
  -- for each minimum_percent
  LEFT JOIN enriched_facts AS e ON e.lead_id = k.point_id AND e.as_of = k.as_of
  -- end
)
