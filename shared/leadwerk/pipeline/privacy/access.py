"""Subject access: everything that is stored of a person (Art. 15 GDPR, Art. 25 DSG), with purpose and retention.

Tables and columns explain themselves by schema.json, so a new table is in the answer from its first day.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from msgspec import Struct

from leadwerk.catalogue.languages import Language
from leadwerk.pipeline.privacy.person import PersonIds, find_person, unknown_person
from leadwerk.pipeline.privacy.retention import retention_days
from leadwerk.policy.model import Policy
from leadwerk.texts import text
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.table_statements import rows_of_ids

RIGHTS = ("object", "correct", "erase", "complain")


class TableOfPerson(Struct, frozen=True, kw_only=True):
    """Rows of a person in a table. `retention_days`: when rows expire; None: with the lead's erasure."""

    table: str
    description: str
    retention_days: int | None
    columns: dict[str, str]
    rows: list[Row]


class AccessAnswer(Struct, frozen=True, kw_only=True):
    """The answer to a person's request: their ids as Leadwerk holds them, and their rows by table.

    `number` names the answer in the audit trail, which does not name the person. `purpose`, `source` and `rights`, with
    how to use them, are in the first language of the policy.
    """

    number: str
    answered_at: datetime
    purpose: str
    source: str
    rights: tuple[str, ...]
    leads: tuple[str, ...]
    visitors: tuple[str, ...]
    tables: list[TableOfPerson]


def access(warehouse: Warehouse, policy: Policy, name: str, *, secret: str, now: datetime) -> AccessAnswer:
    """Everything about the person of a lead's id, a visitor's id, an e-mail address or a number (+41 …).

    Raises:
        UnknownPerson: nothing is stored of such a person.
    """
    person = find_person(warehouse, name, secret)
    if not person:
        raise unknown_person()
    with warehouse.unit_of_work():
        tables = [_table(warehouse, policy, table, person) for table in schema.tables_of_persons()]
    language = policy.languages[0]
    # Drawn by lot, not a hash of the person: a reader of the trail must not learn who asked by guessing addresses.
    number = f"A-{now:%Y%m%d}-{secrets.token_hex(4)}"
    return AccessAnswer(
        number=number,
        answered_at=now,
        purpose=text(language, "privacy.purpose"),
        source=text(language, "privacy.source"),
        rights=rights_of_person(language, number),
        leads=person.leads,
        visitors=person.visitors,
        tables=[table for table in tables if table.rows],
    )


def rights_of_person(language: Language, number: str) -> tuple[str, ...]:
    """What a person may ask for, and how; `number` is that of the answer."""
    rights = (text(language, f"privacy.right.{right}") for right in RIGHTS)
    return (*rights, text(language, "privacy.right.how", number=number))


def _table(warehouse: Warehouse, policy: Policy, table: schema.Table, person: PersonIds) -> TableOfPerson:
    rows: dict[tuple[Any, ...], Row] = {}
    for column, kind in table.privacy.subject.items():
        for row in warehouse.rows(rows_of_ids(table, column), {"ids": list(person.by_kind[kind])}):
            # A link of lead and visitor is found by both.
            rows[tuple(row[name] for name in table.key)] = row
    return TableOfPerson(
        table=table.name,
        description=table.description,
        retention_days=retention_days(table, policy),
        columns={field.name: field.description for field in table.fields},
        rows=sorted(rows.values(), key=lambda row: row[table.privacy.moment]),
    )
