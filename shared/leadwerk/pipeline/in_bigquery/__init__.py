"""Scoring a base of any size by SQL: through the remote function, or with the model imported."""
