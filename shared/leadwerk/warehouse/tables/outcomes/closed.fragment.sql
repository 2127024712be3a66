-- Leads whose latest outcome as of @as_of is final, and since when; a lead that was opened again is not closed.
-- @as_of TIMESTAMP
WITH closed_leads AS (
  SELECT lead_id, occurred_at AS closed_at
  FROM leadwerk.outcomes
  WHERE recorded_at <= @as_of AND occurred_at <= @as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY occurred_at DESC, recorded_at DESC, event_id DESC) = 1
    AND outcome != 'open'
),
