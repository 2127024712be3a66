"""Privacy: erasure of a person, and access of a person to their data.

Which rows are a person's is stated by each table (`privacy` in its schema.json), so that a new table is covered from
its first day, or fails the tests.
"""
