-- All that is known of a lead, or of a visitor without a lead, as of @as_of: features, occurrences, CRM status, latest
-- score since @scored_since, recorded stage, active override, and the thresholds of the day.
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

-- for each with_forms
-- Forms whose visitor is already linked to their lead.
linked_form AS (
  SELECT DISTINCT form.lead_id
  FROM submitted_form AS form
  JOIN leadwerk.identities AS i ON i.lead_id = form.lead_id AND i.visitor_id = form.visitor_id AND i.linked_at <= @as_of
),
-- end

-- for each with_sellers
-- include thresholds/latest
,

hot AS (
  SELECT ARRAY_AGG(STRUCT(is_hold, basis, seller_pool, hot) ORDER BY is_hold, basis, seller_pool) AS thresholds
  FROM latest_threshold
),
-- end

-- include overrides/active

-- include scores/latest where lead_id IN UNNEST(@lead_ids)
,

score_before AS (
  SELECT
    lead_id, score_id, scored_at, basis, predictive_score, score_cluster, recommended_action, points, matrix_cell, tier,
    traffic_light, stage, model_version, policy_version, decided_by
  FROM latest_score
),

-- include outcomes/latest where lead_id IN UNNEST(@lead_ids)
,

-- include leads/gone where lead_id IN UNNEST(@lead_ids)
,

-- include stage_changes/latest where lead_id IN UNNEST(@lead_ids)
,

-- include objections/active where l.lead_id IN UNNEST(@lead_ids)
,

-- for each with_forms
-- The form of an objector whose lead is not stored yet.
objecting_forms AS (
  SELECT form.lead_id
  FROM submitted_form AS form
  JOIN leadwerk.objections AS o ON o.person_key = form.person_key
  WHERE o.set_at <= @as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY form.lead_id ORDER BY o.set_at DESC, o.event_id DESC) = 1 AND NOT o.is_withdrawn
),
-- end


-- Joined among themselves first: features are a hundred columns wide, and each join carries all of them along.
surroundings AS (
  SELECT
    m.lead_id,
    IF(s.lead_id IS NULL, NULL, s) AS latest_score,
    t.status,
    t.outcome,
    r.lead_id IS NOT NULL AS is_gone,
    g.to_stage AS recorded_stage,
    g.changed_at AS stage_since,
    x.lead_id IS NOT NULL
    -- for each with_forms
    OR y.lead_id IS NOT NULL
    -- end
    AS objects_to_profiling,
    IF(o.lead_id IS NULL, NULL, o) AS override,
    -- for each with_rules
    COALESCE(c.occurrences, []) AS occurrences,
    -- end
    -- for each with_sellers
    COALESCE(h.thresholds, []) AS thresholds,
    -- end
    -- for each with_forms
    IF(v.lead_id IS NULL, NULL, v) AS stored_version,
    l.lead_id IS NOT NULL AS is_linked,
    -- end
  FROM scoring_moments AS m
  LEFT JOIN score_before AS s ON s.lead_id = m.lead_id
  LEFT JOIN latest_outcome AS t ON t.lead_id = m.lead_id
  LEFT JOIN gone_lead AS r ON r.lead_id = m.lead_id
  LEFT JOIN latest_stage_change AS g ON g.lead_id = m.lead_id
  LEFT JOIN active_override AS o ON o.lead_id = m.lead_id
  LEFT JOIN objecting_leads AS x ON x.lead_id = m.lead_id
  -- for each with_rules
  LEFT JOIN lead_occurrences AS c ON c.lead_id = m.lead_id
  -- end
  -- for each with_sellers
  CROSS JOIN hot AS h
  -- end
  -- for each with_forms
  LEFT JOIN stored_version AS v ON v.lead_id = m.lead_id
  LEFT JOIN linked_form AS l ON l.lead_id = m.lead_id
  LEFT JOIN objecting_forms AS y ON y.lead_id = m.lead_id
  -- end
)

SELECT f.lead_id, f.as_of, f.created_at, f AS features, n.* EXCEPT (lead_id)
FROM lead_features AS f
JOIN surroundings AS n ON n.lead_id = f.lead_id
