-- How many actions of workflows are in each state at their last step, and since when the oldest of them.
-- @first_day DATE
WITH latest_step AS (
  SELECT action_id, state, changed_at
  FROM leadwerk.workflow_actions
  WHERE day >= @first_day
  QUALIFY ROW_NUMBER() OVER (PARTITION BY action_id ORDER BY attempt DESC, stepped_at DESC, state) = 1
)
SELECT state, COUNT(*) AS actions, MIN(changed_at) AS oldest
FROM latest_step
GROUP BY state
ORDER BY state
