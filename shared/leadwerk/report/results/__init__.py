"""Figures of results: one definition behind the page Results and the report, its printable form."""
