-- One signal of one lead (or visitor) on one day before a moment; without a signal: the last activity of any kind.
-- include lead_features/as_of_base
-- include occurrences/occurrences

SELECT * FROM occurrences
