"""Catalogue: the one list of features, and periods that several rooms share. Pure; imports no other room."""
