"""Experiment: assigns leads to a control group and to exploration, and estimates what scores bring. Pure."""
