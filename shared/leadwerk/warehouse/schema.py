"""The tables, as tables/<table>/schema.json describes them: the one source of DDL, tests and docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from leadwerk.errors import MissingTable

JsonRow = dict[str, Any]
"""A row as JSON can carry it: `warehouse.json_rows` makes it, an engine stores it."""

FOLDER = Path(__file__).parent / "tables"
OWN_DATASET = "leadwerk"
EXPORT = "ga4_events"
STORED_AT = "stored_at"
"""Column of the moment at which a row was written: set by the clock, never by the writer."""

IMPORTED = {
    "leads": "starts_with(event_id, 'import.')",
    "outcomes": "starts_with(event_id, 'import.')",
    "identities": "source = 'import'",
}
"""Which rows of a table an import wrote: a later import of the same leads replaces them."""

FILTERED = frozenset({"activity_daily", "activity_events"})
"""Tables that grow with the site's events: BigQuery refuses a statement that names no days of them (Terraform)."""

EVERY_DAY = "DATE '2000-01-01'"
"""A first day before all that can be there, for what is meant to read or delete all days of a filtered table."""

DUCKDB_TYPES = {
    "STRING": "VARCHAR",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMPTZ",
}


MAXIMUM_INT64 = 2**63 - 1
SCALARS: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "INT64": (int,),
    "FLOAT64": (float, int),
    "BOOL": (bool,),
    "DATE": (date,),
    "TIMESTAMP": (datetime,),
}


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column; a RECORD has `fields`, a REPEATED one holds a list."""

    name: str
    type: str
    mode: str = "NULLABLE"
    description: str = ""
    fields: tuple[Field, ...] = ()


class TablePrivacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose data a table holds: `subject` maps a column to the kind of id in it (lead, event of a lead, visitor,
    account).

    `moment` is the column by which a row is from before or after an erasure. Without a subject, `reason` says why no
    row leads to a person. `decides`: rows say what was decided on leads, so without a lead from a source none stays.
    """

    subject: Mapping[str, str] = {}
    moment: str = ""
    reason: str = ""
    decides: bool = False


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table: `partition` is its day column, `key` what makes a row the same row, `dataset` whose it is.

    `privacy`: which rows are a person's; every table of Leadwerk's own states it.
    """

    description: str
    fields: tuple[Field, ...]
    partition: str | None = None
    cluster: tuple[str, ...] = ()
    retention: str | None = None
    privacy: TablePrivacy = TablePrivacy()
    key: tuple[str, ...] = ()
    dataset: str = OWN_DATASET
    name: str = ""

    def field(self, name: str) -> Field | None:
        """The column of this name, or None."""
        return next((field for field in self.fields if field.name == name), None)


# Made here and not when first needed: two threads that make msgspec look at a type at once crash the process.
_TABLES = msgspec.json.Decoder(Table)


@cache
def table(name: str) -> Table:
    """The table of this name.

    Raises:
        MissingTable: no schema.json describes it.
    """
    file = FOLDER / name / "schema.json"
    if not file.is_file():
        raise MissingTable(f"There is no table {name!r}.", remedy=f"Known are {', '.join(names())}.")
    return msgspec.structs.replace(_TABLES.decode(file.read_bytes()), name=name)


@cache
def names() -> tuple[str, ...]:
    """Names of all described tables, the export's included."""
    return tuple(sorted(file.parent.name for file in FOLDER.glob("*/schema.json")))


@cache
def own_tables() -> tuple[Table, ...]:
    """The tables that Leadwerk itself writes."""
    return tuple(own_table for own_table in map(table, names()) if own_table.dataset == OWN_DATASET)


def tables_of_persons() -> tuple[Table, ...]:
    """The tables whose rows are a person's: an erasure and a subject access cover all of them."""
    return tuple(target for target in own_tables() if target.privacy.subject)


def every_day(target: Table) -> str:
    """The condition that names all days of a filtered table; TRUE for any other.

    >>> every_day(table("activity_daily")), every_day(table("scores"))
    ("day >= DATE '2000-01-01'", 'TRUE')
    """
    return f"{target.partition} >= {EVERY_DAY}" if target.name in FILTERED else "TRUE"


def duckdb_type(field: Field) -> str:
    """Type of a column on DuckDB.

    >>> duckdb_type(Field("tags", "RECORD", "REPEATED", fields=(Field("at", "TIMESTAMP"),)))
    'STRUCT("at" TIMESTAMPTZ)[]'
    """
    inner = ", ".join(f'"{part.name}" {duckdb_type(part)}' for part in field.fields)
    base = f"STRUCT({inner})" if field.fields else DUCKDB_TYPES[field.type]
    return f"{base}[]" if field.mode == "REPEATED" else base


def is_stamped(target: Table) -> bool:
    """Whether the warehouse fills STORED_AT: where the table has this column as a nullable one."""
    column = target.field(STORED_AT)
    return column is not None and column.mode == "NULLABLE"


def stamped(target: Table, rows: Sequence[JsonRow], clock: datetime) -> Sequence[JsonRow]:
    """Rows (of json_rows) with the `clock`'s moment in STORED_AT, where the table `is_stamped`.

    A row's other times come from its source or from `now`, which a simulation or an operator sets; this one shows
    rows that were dated back. Tables that require the column get it from their writers.
    """
    if not is_stamped(target):
        return rows
    # One moment for all rows of a call: what was stored together can be found together.
    written = clock.astimezone(UTC).isoformat()
    return [{**row, STORED_AT: written} for row in rows]


def unique(target: Table, rows: Sequence[JsonRow]) -> list[JsonRow]:
    """The first of every key, in their order."""
    # The first row of a key stays, as it does among rows that come in two calls.
    first: dict[tuple[Any, ...], JsonRow] = {}
    for row in rows:
        first.setdefault(tuple(row[name] for name in target.key), row)
    return list(first.values())
