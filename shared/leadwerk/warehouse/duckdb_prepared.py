"""Prepared statements of one DuckDB connection: a statement that comes again is neither translated nor planned again.

Planning takes longer than running a statement of a hundred columns for one lead. DuckDB plans anew for other values of
its own parameters, so what changes from request to request lies in a temporary table, one row of it a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import duckdb

from leadwerk.warehouse.duckdb_values import literal, with_values

MOST = 32
"""Statements that a connection keeps; beyond them all are forgotten."""
SEEN = 512
"""Texts of statements that are remembered; beyond them all are forgotten. A text with a lead's id in it seldom comes
again, and a process that answers for weeks would keep one for each lead."""
USES = 2_000
"""Uses after which a statement is prepared anew: deleted rows of its table stay where they are."""
UNSOUND = "statistics_propagation"
"""DuckDB 1.5 plans by the statistics that the tables have that day: it drops filters that all rows fulfil, or none. In
a plan that is kept, rows that come later would be found, or missed, wrongly."""
TABLE = "temp.asked"
IS_NULL = re.compile(r"CAST\(\(SELECT \w+ FROM temp\.asked\) AS [A-Z]+\) IS NULL")


class PreparedStatements:
    """The statements of a connection, by their text with its constants written out."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        connection.execute(f"SET disabled_optimizers = '{UNSOUND}'")
        self._uses: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._count = 0

    def execute(self, parts: tuple[str, ...], values: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
        """Run a statement whose `parts` are text and names of parameters in turn."""
        changing = {name: literal(value) for name, value in values.items() if _changes(value) and name in parts[1::2]}
        template = _template(parts, changing, values)
        if self._use(template) == 1 or not changing:
            return self.connection.execute(with_values(parts, values))
        name = self._names.get(template) or self._prepare(template, changing)
        row = ", ".join(changing.values())
        self.connection.execute(f"DELETE FROM temp.{name}; INSERT INTO temp.{name} VALUES ({row})")
        return self.connection.execute(f"EXECUTE {name}")

    def _use(self, template: str) -> int:
        """Count a use, and return how many there were since the statement was first seen or last forgotten."""
        uses = self._uses.get(template, 0)
        if uses > USES:
            self._forget([template])
        elif not uses and len(self._uses) >= SEEN:
            self._forget(list(self._uses))
        self._uses[template] = self._uses.get(template, 0) + 1
        return self._uses[template]

    def _forget(self, templates: Iterable[str]) -> None:
        for template in templates:
            self._uses.pop(template, None)
            name = self._names.pop(template, None)
            if name is not None:
                # The connection would keep both until it is closed.
                self.connection.execute(f"DEALLOCATE {name}; DROP TABLE temp.{name}")

    def _prepare(self, template: str, changing: Mapping[str, str]) -> str:
        if len(self._names) >= MOST:
            self._forget(list(self._names))
        self._count += 1
        name = f"asked_{self._count}"
        columns = ", ".join(f"{value} AS {parameter}" for parameter, value in changing.items())
        self.connection.execute(f"CREATE TEMP TABLE {name} AS SELECT {columns}")
        self.connection.execute(f"PREPARE {name} AS {template.replace(TABLE, f'temp.{name}')}")
        self._names[template] = name
        return name


def _template(parts: tuple[str, ...], changing: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """The statement with its constants written out, and what changes read from TABLE."""
    moved = {name: f"(SELECT {name} FROM {TABLE})" for name in changing}
    template = "".join(
        part if index % 2 == 0 else moved.get(part) or literal(values[part]) for index, part in enumerate(parts)
    )
    # What changes is never NULL. Where DuckDB does not know that, it reads whole tables for `@x IS NULL OR …`.
    return IS_NULL.sub("FALSE", template)


def _changes(value: Any) -> bool:
    """Whether a value is another in each request; days change once a day, and values of the policy seldom."""
    return isinstance(value, datetime) or (isinstance(value, list) and bool(value))
