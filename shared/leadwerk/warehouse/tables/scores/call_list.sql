-- One open lead with its latest score and active pick, in list order, after the lead @after_lead.
-- Scores as of the first page, so that the pages of one list fit together; picks as of now.
-- @as_of TIMESTAMP
-- @now TIMESTAMP
-- @created_since TIMESTAMP
-- Older scores and picks than these are not read.
-- @first_day DATE
-- @picks_since DATE
-- Filters; null: no filter.
-- @cluster STRING
-- @grade STRING
-- @matrix_cell STRING
-- @tier STRING
-- @region STRING
-- @language STRING
-- @held BOOL
-- @seller STRING
-- @account_id STRING
-- score, points, fit or tier; then the keys of the last lead of the page before, null on the first page.
-- @sort STRING
-- @after_first FLOAT64
-- @after_second FLOAT64
-- @after_third FLOAT64
-- @after_lead STRING
-- @most INT64
-- HOT and WARM start at: a lead with an override is ranked within the band of its cluster.
-- @hot_score FLOAT64
-- @warm_score FLOAT64
-- @hot_points FLOAT64
-- @warm_points FLOAT64
-- Tiers of the policy, the largest first.
-- for each tier
-- @tier_${tier} STRING
-- end
-- include outcomes/closed

latest_lead AS (
  SELECT lead_id, account_id, created_at, region, language, country
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
),

last_status_change AS (
  SELECT lead_id, MAX(occurred_at) AS worked_at
  FROM leadwerk.outcomes
  WHERE day >= @picks_since AND occurred_at <= @now AND recorded_at <= @now
  GROUP BY lead_id
),

latest_score AS (
  SELECT
    score_id, lead_id, day, scored_at, basis, probability, predictive_score AS score, score_cluster AS cluster, language,
    fit, interest, points, grade, level, matrix_cell, icp, tier, traffic_light, phase, stage, decided_by,
    COALESCE(CAST(predictive_score AS FLOAT64), points, -1000000.0) AS ranking_value,
    IF(predictive_score IS NULL, @hot_points, @hot_score) AS hot_starts_at,
    IF(predictive_score IS NULL, @warm_points, @warm_score) AS warm_starts_at
  FROM leadwerk.scores
  WHERE day >= @first_day AND scored_at <= @as_of
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
),

latest_pick AS (
  SELECT lead_id, kind, seller, occurred_at, expires_at
  FROM leadwerk.picks
  WHERE day >= @picks_since AND occurred_at <= @now
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY sequence DESC, occurred_at DESC, event_id DESC) = 1
),

-- As in picks/holds: a status change after the pick restarts its hours.
picks_with_end AS (
  SELECT
    s.lead_id, s.seller,
    TIMESTAMP_ADD(
      GREATEST(s.occurred_at, COALESCE(w.worked_at, s.occurred_at)),
      INTERVAL TIMESTAMP_DIFF(s.expires_at, s.occurred_at, SECOND) SECOND
    ) AS held_until
  FROM latest_pick AS s
  LEFT JOIN last_status_change AS w ON w.lead_id = s.lead_id
  WHERE s.kind = 'picked'
),

-- Ties go to the larger company; a lead without a predictive score is ranked by its points.
candidates AS (
  SELECT
    n.* EXCEPT (language), o.account_id, o.created_at, o.region, o.country, COALESCE(o.language, n.language) AS language,
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
    h.seller AS held_by, h.held_until
  FROM latest_score AS n
  JOIN latest_lead AS o ON o.lead_id = n.lead_id
  LEFT JOIN closed_leads AS c ON c.lead_id = n.lead_id
  LEFT JOIN picks_with_end AS h ON h.lead_id = n.lead_id AND h.held_until > @now
  WHERE c.lead_id IS NULL
    AND (o.created_at >= @created_since OR n.decided_by IS NOT NULL)
    AND o.created_at <= @as_of
),

ranked AS (
  SELECT
    * EXCEPT (score_value, points_value, fit_value, size_value, ranking_value, hot_starts_at, warm_starts_at),
    CASE @sort WHEN 'points' THEN points_value WHEN 'fit' THEN fit_value WHEN 'tier' THEN size_value
      ELSE score_value END AS first_key,
    IF(@sort = 'tier', score_value, size_value) AS second_key,
    IF(@sort IN ('score', 'tier'), points_value, score_value) AS third_key
  FROM candidates
  WHERE (@cluster IS NULL OR cluster = @cluster)
    AND (@cluster IS NOT NULL OR cluster != 'DISQUALIFIED')
    AND (@grade IS NULL OR grade = @grade)
    AND (@matrix_cell IS NULL OR matrix_cell = @matrix_cell)
    AND (@tier IS NULL OR tier = @tier)
    AND (@region IS NULL OR region = @region OR country = @region)
    AND (@language IS NULL OR language = @language)
    AND (@held IS NULL OR (held_by IS NOT NULL) = @held)
    AND (@seller IS NULL OR held_by = @seller)
    AND (@account_id IS NULL OR account_id = @account_id)
)

SELECT *
FROM ranked
WHERE @after_lead IS NULL
  OR first_key < @after_first
  OR (first_key = @after_first AND second_key < @after_second)
  OR (first_key = @after_first AND second_key = @after_second AND third_key < @after_third)
  OR (first_key = @after_first AND second_key = @after_second AND third_key = @after_third AND lead_id > @after_lead)
ORDER BY first_key DESC, second_key DESC, third_key DESC, lead_id
LIMIT @most
