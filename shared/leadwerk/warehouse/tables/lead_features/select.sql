-- One lead, or one visitor without a lead, at one moment: all features from what was recorded strictly before.
-- include lead_features/as_of_base
-- include lead_features/features

SELECT * FROM lead_features
