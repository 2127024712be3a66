"""Transparent points: fit (who the lead is) and interest (what the lead does), each with rule, date and decay.

Pure and columnar: the same pass points one lead and a million. A good points model is one that a seller can check with
a pencil, so all that is added, capped or worn away stands in the ledger, and the ledger adds up exactly.
"""
