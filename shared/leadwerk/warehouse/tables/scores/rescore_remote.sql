-- One new score of an open lead as a row of `scores`: the remote function `score` scores its state.
-- @stored_at TIMESTAMP
-- Whether points rank leads although a model scores them: then a change of whole points counts as new.
-- @points_rank BOOL
-- include leads/open
,

-- include lead_features/as_of_base
-- include lead_features/features
,

-- for each with_rules
-- include occurrences/occurrences
,

lead_occurrences AS (
  SELECT lead_id, ARRAY_AGG(STRUCT(signal, day, events, last_at) ORDER BY day, signal) AS occurrences
  FROM occurrences
  GROUP BY lead_id
),
-- end

-- include overrides/active

-- include objections/active
,

features AS (
  SELECT
    f.*,
    -- for each with_rules
    o.occurrences,
    -- end
    t.status, t.outcome, s.cluster AS override_cluster, s.author AS override_author,
    s.reason AS override_reason, s.set_at AS override_set_at, s.ends_at AS override_ends_at
  FROM lead_features AS f
  -- for each with_rules
  LEFT JOIN lead_occurrences AS o ON o.lead_id = f.lead_id
  -- end
  LEFT JOIN latest_outcome AS t ON t.lead_id = f.lead_id
  LEFT JOIN active_override AS s ON s.lead_id = f.lead_id
  WHERE f.lead_id NOT IN (SELECT lead_id FROM objecting_leads)
),

-- include scores/latest
,

-- One call a lead: BigQuery gathers many of them into one request.
replies AS (
  SELECT features.lead_id, leadwerk.score(TO_JSON_STRING(features)) AS reply FROM features
),

scored AS (
  SELECT
    JSON_VALUE(reply, '$.score_id') AS score_id,
    lead_id,
    DATE(@as_of) AS day,
    @as_of AS scored_at,
    @stored_at AS stored_at,
    'rescore' AS score_origin,
    JSON_VALUE(reply, '$.basis') AS basis,
    JSON_VALUE(reply, '$.model_version') AS model_version,
    JSON_VALUE(reply, '$.policy_version') AS policy_version,
    CAST(JSON_VALUE(reply, '$.probability') AS FLOAT64) AS probability,
    CAST(JSON_VALUE(reply, '$.predictive_score') AS INT64) AS predictive_score,
    JSON_VALUE(reply, '$.score_cluster') AS score_cluster,
    JSON_VALUE(reply, '$.recommended_action') AS recommended_action,
    JSON_VALUE(reply, '$.language') AS language,
    JSON_VALUE(reply, '$.has_web_behaviour') = 'true' AS has_web_behaviour,
    ARRAY<STRUCT<feature STRING, contribution FLOAT64, text STRING, facts STRING>>[] AS reasons,
    CAST(JSON_VALUE(reply, '$.fit') AS FLOAT64) AS fit,
    CAST(JSON_VALUE(reply, '$.interest') AS FLOAT64) AS interest,
    CAST(JSON_VALUE(reply, '$.points') AS FLOAT64) AS points,
    JSON_VALUE(reply, '$.grade') AS grade,
    CAST(JSON_VALUE(reply, '$.level') AS INT64) AS level,
    JSON_VALUE(reply, '$.matrix_cell') AS matrix_cell,
    CAST(JSON_VALUE(reply, '$.icp') AS INT64) AS icp,
    JSON_VALUE(reply, '$.tier') AS tier,
    JSON_VALUE(reply, '$.traffic_light') AS traffic_light,
    JSON_VALUE(reply, '$.phase') AS phase,
    JSON_VALUE(reply, '$.stage') AS stage,
    CAST(JSON_VALUE(reply, '$.hot_threshold') AS INT64) AS hot_threshold,
    JSON_VALUE(reply, '$.decided_by') AS decided_by,
    ARRAY<STRUCT<
      rule STRING, score STRING, kind STRING, subject STRING, events INT64, base INT64, factor FLOAT64, points FLOAT64
    >>[] AS ledger,
    JSON_VALUE(reply, '$.segment') AS segment,
    JSON_VALUE(reply, '$.experiment') AS experiment,
    JSON_VALUE(reply, '$.arm') AS arm,
    CAST(JSON_VALUE(reply, '$.arm_probability') AS FLOAT64) AS arm_probability,
    CAST(JSON_VALUE(reply, '$.work_probability') AS FLOAT64) AS work_probability,
    CAST(JSON_VALUE(reply, '$.random_rank') AS INT64) AS random_rank
  FROM replies
  WHERE JSON_VALUE(reply, '$.error') IS NULL
)

-- Like the stage rescore, only scores that changed: a second run adds nothing.
SELECT s.*
FROM scored AS s
LEFT JOIN latest_score AS n ON n.lead_id = s.lead_id
LEFT JOIN active_override AS o ON o.lead_id = s.lead_id
WHERE n.lead_id IS NULL
  OR n.basis != s.basis
  OR n.predictive_score IS DISTINCT FROM s.predictive_score
  OR n.score_cluster != s.score_cluster
  OR n.recommended_action != s.recommended_action
  OR n.matrix_cell IS DISTINCT FROM s.matrix_cell
  OR n.tier IS DISTINCT FROM s.tier
  OR n.traffic_light IS DISTINCT FROM s.traffic_light
  OR n.stage IS DISTINCT FROM s.stage
  OR ((s.basis = 'points' OR @points_rank) AND ROUND(n.points) IS DISTINCT FROM ROUND(s.points))
  OR n.model_version IS DISTINCT FROM s.model_version
  OR n.policy_version != s.policy_version
  OR n.decided_by IS DISTINCT FROM s.decided_by
  OR o.set_at > n.scored_at
