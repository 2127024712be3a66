"""Audit: one trail of who did what, read from the tables that record it, and seals that show a gap in it."""
