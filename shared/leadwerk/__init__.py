"""Leadwerk: predictive lead scoring that is deployed into its user's own cloud and can be proven to pay."""
