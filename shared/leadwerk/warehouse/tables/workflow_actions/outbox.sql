-- One action of a workflow that is to be done, or, with @dead_letters, that its receiver refused; with the score that
-- its text speaks of. Left out are leads whose person objects to profiling, and
-- those that are gone from the CRM.
-- @first_day DATE
-- @as_of TIMESTAMP
-- @dead_letters BOOL
-- @target STRING
-- @most INT64
-- include objections/active
,
-- include leads/gone
,
-- A lead that unsubscribed gets no tag and enters no automation, because these send campaign mails; the last statement counts.
unsubscribed_lead AS (
  SELECT lead_id
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND unsubscribed IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1 AND unsubscribed
),
latest_step AS (
  SELECT *
  FROM leadwerk.workflow_actions
  WHERE day >= @first_day
  QUALIFY ROW_NUMBER() OVER (PARTITION BY action_id ORDER BY attempt DESC, stepped_at DESC, state) = 1
),
open_step AS (
  SELECT *
  FROM latest_step
  WHERE (state IN ('pending', 'retry') OR (@dead_letters AND state = 'dead_letter'))
    AND (@target = '' OR target = @target)
    AND lead_id NOT IN (SELECT lead_id FROM objecting_leads)
    AND lead_id NOT IN (SELECT lead_id FROM gone_lead)
    AND (action NOT IN ('tag', 'automation') OR lead_id NOT IN (SELECT lead_id FROM unsubscribed_lead))
  -- By receiver, so that one that is down does not stand in the way of the others.
  QUALIFY ROW_NUMBER() OVER (PARTITION BY target ORDER BY next_attempt_at, changed_at, action_id) <= @most
),
score_then AS (
  SELECT score_id, predictive_score, points, score_cluster, recommended_action, stage, reasons
  FROM leadwerk.scores
  WHERE day >= @first_day AND score_id IN (SELECT score_id FROM open_step)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY score_id ORDER BY stored_at) = 1
)
SELECT a.*, score_then.* EXCEPT (score_id)
FROM open_step AS a
LEFT JOIN score_then ON score_then.score_id = a.score_id
ORDER BY a.next_attempt_at, a.changed_at, a.action_id
