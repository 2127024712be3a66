"""HOT thresholds: the daily decision, manual holds, and the outlook of other values."""
