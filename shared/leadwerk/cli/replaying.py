"""A replay on the terminal."""
