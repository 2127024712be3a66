"""Bulk scoring: rescores a base of any size from SQL, through the remote function."""
