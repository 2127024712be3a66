"""Workflows: what follows from a change of a lead. Changes are read, actions decided and stored, then carried out."""
