-- One lead as a seller reads it: its facts, latest score with reasons and ledger, status, override and verdict.
-- @lead_id STRING
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- include overrides/active

-- include leads/latest where lead_id = @lead_id
,

-- include scores/latest where lead_id = @lead_id
,

-- include outcomes/latest where lead_id = @lead_id
,

-- include stage_changes/latest where lead_id = @lead_id
,

lead_facts AS (
  SELECT
    lead_id, account_id, created_at, language, country, region, channel, loan_amount, property_value, income,
    instalment, job_title, industry, employees, revenue, web_consent, crm_owner
  FROM latest_lead
),

score_with_proof AS (
  SELECT
    score_id, lead_id, scored_at, basis, model_version, probability, predictive_score, score_cluster,
    recommended_action, language AS score_language, reasons, fit, interest, points, grade, level, matrix_cell, stage,
    hot_threshold, ledger, decided_by
  FROM latest_score
),

contacts AS (
  SELECT lead_id, occurred_at AS contacted_at
  FROM leadwerk.outcomes
  WHERE lead_id = @lead_id AND status IN UNNEST(@contact_statuses) AND recorded_at <= @as_of AND occurred_at <= @as_of
  UNION ALL
  SELECT lead_id, occurred_at AS contacted_at
  FROM leadwerk.touchpoints
  WHERE lead_id = @lead_id
    AND day >= @scored_since
    AND kind IN UNNEST(@contact_touchpoints)
    AND recorded_at <= @as_of
    AND occurred_at <= @as_of
  UNION ALL
  SELECT lead_id, given_at AS contacted_at
  FROM leadwerk.verdicts
  WHERE lead_id = @lead_id AND day >= @scored_since AND reached AND given_at <= @as_of
),

first_contact AS (
  SELECT lead_id, MIN(contacted_at) AS contacted_at
  FROM contacts
  GROUP BY lead_id
),

latest_verdict AS (
  SELECT
    lead_id, seller AS verdict_seller, given_at AS verdict_at, reached, verdict, reason AS verdict_reason,
    note AS verdict_note
  FROM leadwerk.verdicts
  WHERE lead_id = @lead_id AND given_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY given_at DESC, event_id DESC) = 1
)

SELECT
  k.*,
  s.* EXCEPT (lead_id),
  t.status,
  t.outcome,
  f.contacted_at,
  v.* EXCEPT (lead_id),
  o.cluster AS override_cluster,
  o.author AS override_author,
  o.reason AS override_reason,
  o.ends_at AS override_ends_at,
  g.changed_at AS stage_since
FROM lead_facts AS k
LEFT JOIN score_with_proof AS s ON s.lead_id = k.lead_id
LEFT JOIN latest_outcome AS t ON t.lead_id = k.lead_id
LEFT JOIN first_contact AS f ON f.lead_id = k.lead_id
LEFT JOIN latest_verdict AS v ON v.lead_id = k.lead_id
LEFT JOIN active_override AS o ON o.lead_id = k.lead_id
LEFT JOIN latest_stage_change AS g ON g.lead_id = k.lead_id
