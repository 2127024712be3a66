-- One kind of open leads that a reader sees, by cluster, progress and holder: how many, and their newest score.
-- include scores/open_leads

open_leads AS (
  SELECT cluster, in_progress, held_by, scored_at
  FROM candidates
)

SELECT cluster, in_progress, held_by, COUNT(*) AS leads, MAX(scored_at) AS newest
FROM open_leads
GROUP BY cluster, in_progress, held_by
ORDER BY cluster, in_progress, held_by
