"""The demo: the real stages, functions and CRM over a simulated market, measured against its truth."""
