"""The door: where a request comes from, who sends it, and what that person may do."""
