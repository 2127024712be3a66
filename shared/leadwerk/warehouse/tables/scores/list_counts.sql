-- One kind of open leads that a reader sees, by language, cluster, progress and holder: how many, and their newest score.
-- include scores/open_leads

open_leads AS (
  SELECT language, cluster, in_progress, held_by, scored_at
  FROM candidates
)

SELECT language, cluster, in_progress, held_by, COUNT(*) AS leads, MAX(scored_at) AS newest
FROM open_leads
GROUP BY language, cluster, in_progress, held_by
ORDER BY language, cluster, in_progress, held_by
