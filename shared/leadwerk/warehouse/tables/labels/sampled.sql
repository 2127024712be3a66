-- One landmark of a sampled lead: whether it was drawn or belongs to the newest, which are read whole; whether its lead has
-- won since; and whether it converted within the horizon (null: not known yet, or never open).
--
-- @as_of TIMESTAMP
-- include labels/sampled_leads
-- include labels/landmarks where lead_id IN (SELECT lead_id FROM sampled_leads)
,

-- include outcomes/mature

SELECT m.lead_id, m.as_of, m.converted, s.has_won, s.is_drawn
FROM mature AS m
JOIN sampled_leads AS s ON s.lead_id = m.lead_id
