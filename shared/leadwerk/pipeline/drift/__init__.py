"""Drift monitors: whether leads and outcomes still are what the champion learned from."""
