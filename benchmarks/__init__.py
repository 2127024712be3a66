"""Speed figures, each a ratio within one run so that it holds on any machine: `make bench`."""
