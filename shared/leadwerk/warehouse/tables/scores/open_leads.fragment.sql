-- Open leads with their latest score, status, first contact and active pick (`candidates`), as of @as_of; picks as of
-- @now. Scores as of the first page, so that the pages of one list fit together.
-- @created_since TIMESTAMP
-- HOT and WARM start at: a lead with an override is ranked within the band of its cluster.
-- @hot_score FLOAT64
-- @warm_score FLOAT64
-- @hot_points FLOAT64
-- @warm_points FLOAT64
-- What counts as a first contact, and statuses in which the CRM is at work on a lead.
-- @contact_statuses ARRAY<STRING>
-- @contact_touchpoints ARRAY<STRING>
-- @progress_statuses ARRAY<STRING>
-- Languages and regions that the reader serves; empty: all.
-- @served_languages ARRAY<STRING>
-- @served_regions ARRAY<STRING>
-- Tiers of the policy, the largest first.
-- for each tier
-- @tier_${tier} STRING
-- end
-- include outcomes/closed

-- include leads/latest
,

-- include scores/latest
,

-- include picks/holds

contacts AS (
  SELECT lead_id, occurred_at AS contacted_at
  FROM leadwerk.outcomes
  WHERE status IN UNNEST(@contact_statuses) AND recorded_at <= @now AND occurred_at <= @now
  UNION ALL
  SELECT lead_id, occurred_at AS contacted_at
  FROM leadwerk.touchpoints
  WHERE day >= @scored_since AND kind IN UNNEST(@contact_touchpoints) AND recorded_at <= @now AND occurred_at <= @now
  UNION ALL
  SELECT lead_id, given_at AS contacted_at
  FROM leadwerk.verdicts
  WHERE day >= @scored_since AND reached AND given_at <= @now
),

first_contact AS (
  SELECT lead_id, MIN(contacted_at) AS contacted_at
  FROM contacts
  GROUP BY lead_id
),

ranked_score AS (
  SELECT
    score_id, lead_id, day, scored_at, basis, probability, predictive_score AS score, score_cluster AS cluster, language,
    fit, interest, points, grade, level, matrix_cell, icp, tier, traffic_light, phase, stage, decided_by,
    COALESCE(CAST(predictive_score AS FLOAT64), CAST(random_rank AS FLOAT64), points, -1000000.0) AS ranking_value,
    IF(predictive_score IS NULL, @hot_points, @hot_score) AS hot_starts_at,
    IF(predictive_score IS NULL, @warm_points, @warm_score) AS warm_starts_at
  FROM latest_score
),

-- Ties go to the larger company; a lead without a predictive score is ranked by its points.
candidates AS (
  SELECT
    n.* EXCEPT (language), o.account_id, o.created_at, o.region, o.country, o.loan_amount, o.employees, t.status,
    f.contacted_at, COALESCE(t.status IN UNNEST(@progress_statuses), FALSE) AS in_progress,
    COALESCE(o.language, n.language) AS language,
    CASE
      WHEN n.decided_by IS NULL THEN n.ranking_value
      WHEN n.cluster = 'HOT' THEN GREATEST(n.ranking_value, n.hot_starts_at)
      WHEN n.cluster = 'WARM' THEN LEAST(GREATEST(n.ranking_value, n.warm_starts_at), n.hot_starts_at - 1)
      ELSE LEAST(n.ranking_value, n.warm_starts_at - 1)
    END AS score_value,
    COALESCE(n.points, -1000000.0) AS points_value, COALESCE(n.fit, -1000000.0) AS fit_value,
    CASE
      WHEN n.tier IS NULL THEN -1000.0
      -- for each tier
      WHEN n.tier = @tier_${tier} THEN -${tier}.0
      -- end
      ELSE -999.0
    END AS size_value,
    h.seller AS held_by, h.expires_at AS held_until
  FROM ranked_score AS n
  JOIN latest_lead AS o ON o.lead_id = n.lead_id
  LEFT JOIN closed_leads AS c ON c.lead_id = n.lead_id
  LEFT JOIN latest_outcome AS t ON t.lead_id = n.lead_id
  LEFT JOIN first_contact AS f ON f.lead_id = n.lead_id
  LEFT JOIN picks_with_end AS h ON h.lead_id = n.lead_id AND h.expires_at > @now
  WHERE c.lead_id IS NULL
    AND o.record_state IS NULL
    AND (o.created_at >= @created_since OR n.decided_by IS NOT NULL)
    AND o.created_at <= @as_of
    AND (ARRAY_LENGTH(@served_languages) = 0 OR COALESCE(o.language, n.language) IN UNNEST(@served_languages))
    AND (ARRAY_LENGTH(@served_regions) = 0 OR o.region IN UNNEST(@served_regions))
),
