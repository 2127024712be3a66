"""Leads as of a moment, read from the warehouse: features, facts for points, lead states."""
