-- One lead with its account, if it exists at @as_of. Equality on the clustering key: few blocks are read.
-- @lead_id STRING
-- @as_of TIMESTAMP
SELECT lead_id, account_id
FROM leadwerk.leads
WHERE lead_id = @lead_id AND recorded_at <= @as_of
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY recorded_at DESC, event_id DESC) = 1
