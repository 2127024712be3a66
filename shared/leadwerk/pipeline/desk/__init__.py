"""What sellers see and do: the call list, picks, overrides, accounts, a lead's history."""
