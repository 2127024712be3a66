"""The warehouse: one SQL, two engines, proven equal.

`protocol` names the verbs, `schema` the tables, `statement` the SQL. `bigquery` runs it as it is; `duckdb` runs it on a
laptop through `dialect`, which refuses whatever is not proven to mean the same there.
"""
