-- Leads whose latest outcome as of @as_of is final, and since when; a reopened lead is not closed.
-- include outcomes/latest
,

closed_leads AS (
  SELECT lead_id, occurred_at AS closed_at
  FROM latest_outcome
  WHERE outcome != 'open'
),
