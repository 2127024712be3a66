"""Retention: rows leave when the policy says, on each engine, and what stayed too long is named.

Terraform lets BigQuery's partitions expire by the same figures (policy/defaults/retention.json and the policy).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.table_statements import partition_days

GRACE_DAYS = 3
"""Days by which a row may leave late: BigQuery deletes a partition within a day, a laptop sleeps at weekends."""


class Overdue(Struct, frozen=True, kw_only=True):
    """A table whose `oldest` day should have left: the policy keeps rows `retention_days`."""

    table: str
    oldest: date
    retention_days: int


def expire(warehouse: Warehouse, policy: Policy, now: datetime) -> dict[str, int]:
    """Delete rows that are older than the policy keeps them; returns rows by table, without zeros."""
    counts = {name: warehouse.expire(name, first_day) for name, first_day, _ in _first_days(policy, now)}
    return {name: count for name, count in counts.items() if count}


def overdue(warehouse: Warehouse, policy: Policy, now: datetime) -> list[Overdue]:
    """Tables with rows that should have left."""
    tables = []
    for name, first_day, days in _first_days(policy, now):
        [stored] = warehouse.rows(partition_days(schema.table(name)), {})
        if stored.first_day and stored.first_day < first_day - timedelta(days=GRACE_DAYS):
            tables.append(Overdue(table=name, oldest=stored.first_day, retention_days=days))
    return tables


def retention_days(table: schema.Table, policy: Policy) -> int | None:
    """Days that the policy keeps a table's rows; None: until the lead is erased."""
    return getattr(policy.retention, table.retention) if table.retention else None


def _first_days(policy: Policy, now: datetime) -> Iterator[tuple[str, date, int]]:
    """Each table that expires: its name, the oldest day that stays, and the days that rows are kept."""
    for table in schema.own_tables():
        days = retention_days(table, policy)
        if days is not None and table.partition:
            yield table.name, (now - timedelta(days=days)).date(), days
