-- One lead with its account, if it exists at @as_of. Equality on the clustering key: few blocks are read.
-- @lead_id STRING
-- include leads/latest where lead_id = @lead_id

SELECT lead_id, account_id
FROM latest_lead
