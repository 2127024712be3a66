"""Enrichment: missing facts of companies from a registry or a language model, below all that people entered."""
