"""What the scores are worth, computed from stored facts and shown on one page that needs nothing but a browser."""
