"""What a scoring process keeps between requests, what it is asked and what it answers."""
