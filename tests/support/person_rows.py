"""Rows of persons in every table that holds persons, made from schema.json: a new table is in from its first day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.table_statements import rows_of_ids

ERASED_AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
BEFORE = ERASED_AT - timedelta(days=9)
SECRET = "a secret of the tests"


class Identity:
    """The ids of a person: one lead with one version, one visitor, one hash of an e-mail address, one company."""

    def __init__(self, name: str) -> None:
        self.lead, self.visitor, self.event = f"lead-of-{name}", f"visitor-of-{name}", f"event-of-{name}"
        # As `row` fills the column of `leads`.
        self.account = f"account_id-of-{self.lead}"
        self.key = hashlib.sha256(name.encode()).hexdigest()

    @property
    def by_kind(self) -> dict[str, str]:
        """Id by kind, as `privacy.subject` of a schema.json names the kinds."""
        return {
            "lead": self.lead,
            "visitor": self.visitor,
            "event": self.event,
            "person": self.key,
            "account": self.account,
        }


ANNA, BEAT = Identity("anna"), Identity("beat")


def fill(warehouse: Warehouse, *persons: Identity, moment: datetime = BEFORE) -> None:
    """A row of each person in each table of persons."""
    with warehouse.unit_of_work():
        for table in schema.tables_of_persons():
            warehouse.append(table.name, [row(table, person, moment) for person in persons])


def row(table: schema.Table, person: Identity, moment: datetime) -> dict[str, Any]:
    """A row of a person: every column filled, ids and times those of the person."""
    values = {field.name: _value(field, person, moment) for field in table.fields}
    values |= {column: person.by_kind[kind] for column, kind in table.privacy.subject.items()}
    if table.name == "leads":
        values |= {"event_id": person.event, "person_key": person.key}
    return values


def places_naming(warehouse: Warehouse, person: Identity) -> list[str]:
    """Tables that hold a row of the person."""
    return [
        table.name
        for table in schema.tables_of_persons()
        for column, kind in table.privacy.subject.items()
        if warehouse.rows(rows_of_ids(table, column), {"ids": [person.by_kind[kind]]})
    ]


def _value(field: schema.Field, person: Identity, moment: datetime) -> Any:
    value = (
        {inner.name: _value(inner, person, moment) for inner in field.fields}
        if field.fields
        else _scalar(field, person, moment)
    )
    return [value] if field.mode == "REPEATED" else value


def _scalar(field: schema.Field, person: Identity, moment: datetime) -> Any:
    scalars: Mapping[str, Any] = {
        "STRING": f"{field.name}-of-{person.lead}",
        "INT64": 1,
        "FLOAT64": 1.0,
        "BOOL": True,
        "DATE": moment.date(),
        "TIMESTAMP": moment,
    }
    return scalars[field.type]


TODAY: date = ERASED_AT.date()
