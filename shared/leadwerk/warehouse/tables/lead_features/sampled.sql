-- One sampled lead at one of its moments: all features from what was recorded strictly before.
-- include labels/sampled_leads
-- include lead_features/as_of_base
-- include lead_features/features

SELECT * FROM lead_features
