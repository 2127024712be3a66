-- One signal of one sampled lead on one day before a moment; without a signal: the last activity of any kind.
-- include labels/sampled_leads
-- include lead_features/as_of_base
-- include occurrences/occurrences

SELECT * FROM occurrences
