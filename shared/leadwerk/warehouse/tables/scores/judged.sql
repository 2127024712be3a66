-- What follows for one lead from a model's log-odds, as features/calibration.py and scoring/ have it, under the names of
-- `scores`. A query stands in the slot (pipeline/in_bigquery/imported_model.py) that yields lead_id, language, region,
-- has_behaviour, log_odds; of the lead's points as last counted, disqualified, fit … stage; and of a person's word about it
-- override_cluster and override_author.
--
-- Calibration, the least probability, and the base rate of the predictive score.
-- @slope FLOAT64
-- @intercept FLOAT64
-- @smallest FLOAT64
-- @base_rate FLOAT64
-- The policy: bands, actions, languages (the first is everybody else's).
-- @warm INT64
-- @points_disqualify BOOL
-- @action_hot STRING
-- @action_warm STRING
-- @action_cold STRING
-- @action_disqualified STRING
-- @languages ARRAY<STRING>
-- Who says so, and as of when (RFC 3339, UTC).
-- @model_version STRING
-- @policy_version STRING
-- @moment STRING
WITH predicted AS (
  ${predicted}
),

calibrated AS (
  SELECT
    * EXCEPT (log_odds, language),
    IF(language IN UNNEST(@languages), language, @languages[SAFE_OFFSET(0)]) AS language,
    @slope * log_odds + @intercept AS log_odds
  FROM predicted
),

-- 1 / (1 + exp(−x)) or exp(x) / (1 + exp(x)), whichever cannot overflow.
probable AS (
  SELECT
    *,
    LEAST(
      GREATEST(SAFE_DIVIDE(IF(log_odds >= 0, 1.0, EXP(-ABS(log_odds))), 1 + EXP(-ABS(log_odds))), @smallest),
      1 - @smallest
    ) AS probability
  FROM calibrated
),

balanced AS (
  SELECT *, probability * (1 - @base_rate) AS in_favour, (1 - probability) * @base_rate AS against FROM probable
),

scored AS (
  SELECT
    *,
    CAST(FLOOR(SAFE_DIVIDE(100 * in_favour, in_favour + against) + 0.5) AS INT64) AS predictive_score,
    ${hot_threshold} AS hot_threshold
  FROM balanced
),

decided AS (
  SELECT
    *,
    CASE
      WHEN disqualified AND @points_disqualify THEN 'DISQUALIFIED'
      WHEN predictive_score >= hot_threshold THEN 'HOT'
      WHEN predictive_score >= @warm THEN 'WARM'
      ELSE 'COLD'
    END AS own_cluster
  FROM scored
),

overruled AS (
  SELECT
    *,
    COALESCE(override_cluster, own_cluster) AS score_cluster,
    IF(override_author IS NULL, '', CONCAT('\n', override_author, '\n', override_cluster)) AS said
  FROM decided
)

SELECT
  lead_id,
  SUBSTR(TO_HEX(SHA256(CONCAT(lead_id, '\n', @moment, '\n', @model_version, '\n', @policy_version, said))), 1, 32)
    AS score_id,
  'model' AS basis,
  @model_version AS model_version,
  @policy_version AS policy_version,
  probability,
  predictive_score,
  score_cluster,
  CASE score_cluster
    WHEN 'HOT' THEN @action_hot
    WHEN 'WARM' THEN @action_warm
    WHEN 'COLD' THEN @action_cold
    ELSE @action_disqualified
  END AS recommended_action,
  language,
  COALESCE(has_behaviour, 0) != 0 AS behaviour,
  fit, interest, points, grade, icp, tier, traffic_light, phase, stage,
  hot_threshold,
  override_author AS decided_by
FROM overruled
