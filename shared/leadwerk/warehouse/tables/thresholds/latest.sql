-- The threshold of one basis and seller pool: the latest decision by @as_of, and a person's hold if there is one.
-- include thresholds/latest

SELECT * FROM latest_threshold
