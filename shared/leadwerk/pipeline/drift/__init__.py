"""Drift monitors: whether leads and outcomes are still like those that the champion learned from."""
