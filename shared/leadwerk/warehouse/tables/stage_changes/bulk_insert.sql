-- One change of a lead's stage as a row of `stage_changes`: its latest score has another stage than the record.
-- The rule of scoring/stage_change.py for all leads; pipeline/bulk/bulk_rescore.py runs it after the scores.
-- The policy's stages, numbered in their order.
-- for each place
-- @stage_${place} STRING
-- end
-- Names of the stages with a condition on each fact.
-- @asks_status ARRAY<STRING>
-- @asks_outcome ARRAY<STRING>
-- @asks_cluster ARRAY<STRING>
-- @asks_grade ARRAY<STRING>
-- @asks_points ARRAY<STRING>
-- @asks_interest ARRAY<STRING>
-- @asks_known ARRAY<STRING>
-- include scores/latest
,

-- include stage_changes/latest
,

-- include outcomes/latest
,

-- Points are whole hundredths: as many decimals as they have, none for whole points.
changed_stage AS (
  SELECT
    s.lead_id, s.score_id, s.stage AS to_stage, g.to_stage AS from_stage, s.score_cluster, s.grade, t.status, t.outcome,
    -- for each number
    CONCAT(
      IF(s.${number} < 0, '-', ''),
      CAST(DIV(CAST(ROUND(ABS(s.${number}) * 100) AS INT64), 100) AS STRING),
      CASE
        WHEN MOD(CAST(ROUND(ABS(s.${number}) * 100) AS INT64), 100) = 0 THEN ''
        WHEN MOD(CAST(ROUND(ABS(s.${number}) * 100) AS INT64), 10) = 0
          THEN CONCAT('.', CAST(DIV(MOD(CAST(ROUND(ABS(s.${number}) * 100) AS INT64), 100), 10) AS STRING))
        ELSE CONCAT('.', RIGHT(CONCAT('0', CAST(MOD(CAST(ROUND(ABS(s.${number}) * 100) AS INT64), 100) AS STRING)), 2))
      END
    ) AS ${number},
    -- end
    -- A stage that the policy no longer has counts as before the first.
    CASE g.to_stage
      -- for each place
      WHEN @stage_${place} THEN ${place}
      -- end
      ELSE 0
    END AS place_before,
    CASE s.stage
      -- for each place
      WHEN @stage_${place} THEN ${place}
      -- end
      ELSE 0
    END AS place_after
  FROM latest_score AS s
  LEFT JOIN latest_stage_change AS g ON g.lead_id = s.lead_id
  LEFT JOIN latest_outcome AS t ON t.lead_id = s.lead_id
  WHERE s.stage IS NOT NULL AND s.stage IS DISTINCT FROM g.to_stage
),

with_reason AS (
  SELECT
    *,
    CONCAT(
      -- for each fact
      IF(
        (from_stage IN UNNEST(@asks_${fact}) OR to_stage IN UNNEST(@asks_${fact})) AND ${fact} IS NOT NULL,
        CONCAT(', ${fact}=', ${fact}), ''
      ),
      -- end
      ''
    ) AS facts,
    from_stage IN UNNEST(@asks_known) OR to_stage IN UNNEST(@asks_known) AS known
  FROM (SELECT * EXCEPT (score_cluster), score_cluster AS cluster FROM changed_stage) AS renamed
)

SELECT
  lead_id,
  DATE(@as_of) AS day,
  @as_of AS changed_at,
  from_stage,
  to_stage,
  IF(place_after < place_before, 'back', 'forward') AS direction,
  CASE WHEN facts != '' THEN SUBSTR(facts, 3) WHEN known THEN 'known=true' ELSE '' END AS reason,
  score_id
FROM with_reason
