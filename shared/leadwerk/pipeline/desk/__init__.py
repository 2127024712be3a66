"""The sellers' desk: call list, picks, overrides, accounts, a lead's history."""
