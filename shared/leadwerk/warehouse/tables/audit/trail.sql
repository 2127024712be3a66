-- An entry of the audit trail within a period: who did what to which object, when and why. No actor: Leadwerk itself.
-- @since TIMESTAMP
-- @until TIMESTAMP
-- Of these leads only; none: of all, and what concerns no lead.
-- @lead_ids ARRAY<STRING>
WITH trail AS (
  SELECT
    'audit_log' AS source, entry_id, occurred_at, actor, action,
    object, CAST(NULL AS STRING) AS lead_id, reason, before, after
  FROM leadwerk.audit_log
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
  UNION ALL
  SELECT
    'policy_changes' AS source, change_id AS entry_id, changed_at AS occurred_at, author AS actor, kind AS action,
    to_version AS object, CAST(NULL AS STRING) AS lead_id, reason, from_version AS before, to_version AS after
  FROM leadwerk.policy_changes
  UNION ALL
  SELECT
    'suggestions' AS source, entry_id, recorded_at AS occurred_at, author AS actor, CONCAT('suggestion_', state) AS action,
    rule AS object, CAST(NULL AS STRING) AS lead_id, reason,
    CAST(points_before AS STRING) AS before, CAST(points_after AS STRING) AS after
  FROM leadwerk.suggestions
  UNION ALL
  SELECT
    'threshold_holds' AS source, CONCAT(basis, '/', seller_pool) AS entry_id,
    set_at AS occurred_at, author AS actor, IF(hot IS NULL, 'threshold_release', 'threshold_hold') AS action,
    seller_pool AS object, CAST(NULL AS STRING) AS lead_id, reason,
    CAST(NULL AS STRING) AS before, CAST(hot AS STRING) AS after
  FROM leadwerk.threshold_holds
  UNION ALL
  SELECT
    'thresholds' AS source, CONCAT(basis, '/', seller_pool) AS entry_id,
    decided_at AS occurred_at, CAST(NULL AS STRING) AS actor, 'threshold' AS action,
    seller_pool AS object, CAST(NULL AS STRING) AS lead_id, reason,
    CAST(NULL AS STRING) AS before, CAST(hot AS STRING) AS after
  FROM leadwerk.thresholds
  UNION ALL
  SELECT
    'model_runs' AS source, run_id AS entry_id, trained_at AS occurred_at, CAST(NULL AS STRING) AS actor,
    IF(promoted, 'model_promoted', 'model_trained') AS action,
    model_version AS object, CAST(NULL AS STRING) AS lead_id, reason, champion_before AS before, model_version AS after
  FROM leadwerk.model_runs
  UNION ALL
  SELECT
    'erasures' AS source, entry_id, recorded_at AS occurred_at, author AS actor, CONCAT('erasure_', state) AS action,
    erasure_id AS object, CAST(NULL AS STRING) AS lead_id, reason,
    CAST(NULL AS STRING) AS before, CAST(NULL AS STRING) AS after
  FROM leadwerk.erasures
  UNION ALL
  SELECT
    'overrides' AS source, event_id AS entry_id, set_at AS occurred_at, author AS actor,
    IF(cluster IS NULL, 'override_clear', 'override_set') AS action,
    lead_id AS object, lead_id, reason, CAST(NULL AS STRING) AS before, cluster AS after
  FROM leadwerk.overrides
  UNION ALL
  SELECT
    'objections' AS source, event_id AS entry_id, set_at AS occurred_at, author AS actor,
    IF(is_withdrawn, 'objection_withdrawn', 'objection') AS action,
    lead_id AS object, lead_id, reason, CAST(NULL AS STRING) AS before, CAST(NULL AS STRING) AS after
  FROM leadwerk.objections
  UNION ALL
  SELECT
    'verdicts' AS source, event_id AS entry_id, given_at AS occurred_at, seller AS actor, 'verdict' AS action,
    lead_id AS object, lead_id, reason, CAST(NULL AS STRING) AS before, verdict AS after
  FROM leadwerk.verdicts
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
  UNION ALL
  SELECT
    'picks' AS source, event_id AS entry_id, occurred_at, seller AS actor, kind AS action,
    lead_id AS object, lead_id, CAST(NULL AS STRING) AS reason, taken_from AS before, seller AS after
  FROM leadwerk.picks
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
  UNION ALL
  SELECT
    'lead_reads' AS source, CONCAT(lead_id, '/', reader, '/', CAST(day AS STRING)) AS entry_id, MIN(read_at) AS occurred_at,
    reader AS actor, 'read' AS action,
    lead_id AS object, lead_id, CAST(NULL AS STRING) AS reason,
    CAST(NULL AS STRING) AS before, CAST(NULL AS STRING) AS after
  FROM leadwerk.lead_reads
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
  -- Each instance of the desk writes its own first opening of a day.
  GROUP BY lead_id, reader, day
  UNION ALL
  SELECT
    'workflow_actions' AS source, CONCAT(action_id, '/', CAST(attempt AS STRING)) AS entry_id, stepped_at AS occurred_at,
    CAST(NULL AS STRING) AS actor, CONCAT('workflow_', state) AS action,
    lead_id AS object, lead_id, error AS reason, before, after
  FROM leadwerk.workflow_actions
  -- The day of the change; an action may be tried for some weeks after it.
  WHERE day BETWEEN DATE_SUB(DATE(@since), INTERVAL 60 DAY) AND DATE(@until)
  UNION ALL
  SELECT
    'leads' AS source, event_id AS entry_id, recorded_at AS occurred_at, CAST(NULL AS STRING) AS actor, 'lead_version' AS action,
    lead_id AS object, lead_id, CAST(NULL AS STRING) AS reason,
    CAST(NULL AS STRING) AS before, CAST(NULL AS STRING) AS after
  FROM leadwerk.leads
  UNION ALL
  SELECT
    'outcomes' AS source, event_id AS entry_id, recorded_at AS occurred_at, CAST(NULL AS STRING) AS actor, 'outcome' AS action,
    lead_id AS object, lead_id, reason, CAST(NULL AS STRING) AS before, status AS after
  FROM leadwerk.outcomes
  UNION ALL
  SELECT
    'stage_changes' AS source, lead_id AS entry_id, changed_at AS occurred_at,
    CAST(NULL AS STRING) AS actor, 'stage' AS action,
    lead_id AS object, lead_id, reason, from_stage AS before, to_stage AS after
  FROM leadwerk.stage_changes
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
  UNION ALL
  SELECT
    'scores' AS source, score_id AS entry_id, scored_at AS occurred_at, CAST(NULL AS STRING) AS actor, 'score' AS action,
    lead_id AS object, lead_id, score_origin AS reason, CAST(NULL AS STRING) AS before, score_cluster AS after
  FROM leadwerk.scores
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
  UNION ALL
  SELECT
    'deliveries' AS source, delivery_id AS entry_id, attempted_at AS occurred_at, CAST(NULL AS STRING) AS actor,
    CONCAT('delivery_', state) AS action,
    lead_id AS object, lead_id, error AS reason, CAST(NULL AS STRING) AS before, CAST(http_status AS STRING) AS after
  FROM leadwerk.deliveries
  WHERE day BETWEEN DATE(@since) AND DATE(@until)
)

SELECT source, entry_id, occurred_at, actor, action, object, lead_id, reason, before, after
FROM trail
WHERE occurred_at BETWEEN @since AND @until AND (ARRAY_LENGTH(@lead_ids) = 0 OR lead_id IN UNNEST(@lead_ids))
ORDER BY occurred_at, source, entry_id
