"""Generators of what derives from other files; `make generate` runs them all, and tests compare their output."""
