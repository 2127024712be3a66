-- What follows for one lead from a model's log-odds, as features/calibration.py and scoring/ have it, under the names of
-- `scores`. A query that yields lead_id, language, has_behaviour, log_odds stands in the slot (pipeline/in_bigquery_ml.py).
--
-- Calibration, the least probability, and the base rate of the predictive score.
-- @slope FLOAT64
-- @intercept FLOAT64
-- @smallest FLOAT64
-- @base_rate FLOAT64
-- The policy: bands, actions, languages (the first is everybody else's).
-- @hot INT64
-- @warm INT64
-- @action_hot STRING
-- @action_warm STRING
-- @action_cold STRING
-- @languages ARRAY<STRING>
-- Who says so, and as of when (RFC 3339, UTC).
-- @model_version STRING
-- @policy_version STRING
-- @moment STRING
WITH predicted AS (
  ${predicted}
),

calibrated AS (
  SELECT lead_id, language, has_behaviour, @slope * log_odds + @intercept AS log_odds FROM predicted
),

-- 1 / (1 + exp(−x)) or exp(x) / (1 + exp(x)), whichever cannot overflow.
probable AS (
  SELECT
    lead_id, language, has_behaviour,
    LEAST(
      GREATEST(SAFE_DIVIDE(IF(log_odds >= 0, 1.0, EXP(-ABS(log_odds))), 1 + EXP(-ABS(log_odds))), @smallest),
      1 - @smallest
    ) AS probability
  FROM calibrated
),

balanced AS (
  SELECT
    lead_id, language, has_behaviour, probability,
    probability * (1 - @base_rate) AS in_favour, (1 - probability) * @base_rate AS against
  FROM probable
),

scored AS (
  SELECT *, CAST(FLOOR(SAFE_DIVIDE(100 * in_favour, in_favour + against) + 0.5) AS INT64) AS predictive_score
  FROM balanced
)

SELECT
  lead_id,
  SUBSTR(TO_HEX(SHA256(CONCAT(lead_id, '\n', @moment, '\n', @model_version, '\n', @policy_version))), 1, 32) AS score_id,
  'model' AS basis,
  @model_version AS model_version,
  @policy_version AS policy_version,
  probability,
  predictive_score,
  CASE WHEN predictive_score >= @hot THEN 'HOT' WHEN predictive_score >= @warm THEN 'WARM' ELSE 'COLD' END
    AS score_cluster,
  CASE
    WHEN predictive_score >= @hot THEN @action_hot
    WHEN predictive_score >= @warm THEN @action_warm
    ELSE @action_cold
  END AS recommended_action,
  IF(language IN UNNEST(@languages), language, @languages[SAFE_OFFSET(0)]) AS language,
  COALESCE(has_behaviour, 0) != 0 AS behaviour
FROM scored
