"""HOT thresholds: the day's decision, a person's hold, and what others would bring."""
