"""What the benchmarks of scoring share: a filled home, fresh environments, and processes that answer HTTP."""
