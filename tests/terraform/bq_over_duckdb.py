"""`bq` as far as the smoke test uses it, over the DuckDB files of the folder HOME_OF_BQ; its bill is invented.

mk and rm do nothing; load makes a table of an export from a file of JSON lines and checks the columns; query answers.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import duckdb

from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

BILL = {"queries": "3", "bytes": "30000000"}


def load(home: Path, table: str, lines: Path, schema: Path) -> None:
    columns = _columns(lines.parent / "market" / "ga4.duckdb")
    assert {column["name"] for column in json.loads(schema.read_text())} == columns.keys()
    with duckdb.connect(str(home / "ga4.duckdb")) as ga4:
        ga4.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        ga4.execute(f"COPY {table} FROM '{lines}' (FORMAT JSON)")


def _columns(market: Path) -> dict[str, str]:
    """Name and type of each column of a simulated day."""
    with duckdb.connect(str(market), read_only=True) as exported:
        days = "SELECT max(view_name) FROM duckdb_views() WHERE view_name LIKE 'events_2%'"
        [(day,)] = exported.execute(days).fetchall()
        return {row[0]: row[1] for row in exported.execute(f"DESCRIBE {day}").fetchall()}


def query(home: Path, sql: str) -> list[dict[str, object]]:
    return [dict(BILL)] if "INFORMATION_SCHEMA" in sql else DuckDBWarehouse(home).rows(from_text(sql), {})


def main() -> None:
    home = Path(os.environ["HOME_OF_BQ"])
    command, *arguments = (argument for argument in sys.argv[1:] if not argument.startswith("--"))
    if command == "load":
        load(home, arguments[0].partition(".")[2], Path(arguments[1]), Path(arguments[2]))
    elif command == "query":
        sys.stdout.write(json.dumps(query(home, arguments[0])))


if __name__ == "__main__":
    main()
