"""Keys of rows that BigQuery holds: they make appending twice the same as appending once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from google.cloud import bigquery

from leadwerk.warehouse import schema
from leadwerk.warehouse.bigquery_parameters import parameter


def known_keys_query(place: str, target: schema.Table, rows: Sequence[schema.JsonRow]) -> tuple[str, list[Any]]:
    """Keys in the partitions between the rows' first and last day: BigQuery prunes by constants, not by a subquery."""
    columns = ", ".join(f"`{name}`" for name in target.key)
    # One column of the key narrows enough: the rest is compared here.
    by, kind = target.key[0], getattr(target.field(target.key[0]), "type", "STRING")
    # The values are JSON already, so they are compared as text.
    conditions = [f"`{by}` IN (SELECT CAST(value AS {kind}) FROM UNNEST(@keys) AS value)"]
    parameters: list[Any] = [bigquery.ArrayQueryParameter("keys", "STRING", sorted({row[by] for row in rows}))]
    if target.partition:
        # The partition bounds what the look-up reads, and so what it costs.
        days = sorted(date.fromisoformat(row[target.partition]) for row in rows)
        conditions.append(f"`{target.partition}` BETWEEN @first_day AND @last_day")
        parameters += [parameter("first_day", "DATE", days[0]), parameter("last_day", "DATE", days[-1])]
    return f"SELECT {columns} FROM {place} WHERE {' AND '.join(conditions)}", parameters


def only_key(target: schema.Table) -> schema.Table:
    """The table with the columns of its key alone."""
    fields = tuple(field for field in target.fields if field.name in target.key)
    return msgspec.structs.replace(target, fields=fields)


def key_of(target: schema.Table, row: schema.JsonRow) -> tuple[Any, ...]:
    """The row's key, as the table's schema.json names it."""
    return tuple(row[name] for name in target.key)


def content_hash(rows: Sequence[schema.JsonRow]) -> str:
    """The same for the same rows whenever they are written."""
    # Without the moment of storing: a second attempt has the same content at another moment.
    content = [{name: value for name, value in row.items() if name != schema.STORED_AT} for row in rows]
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:32]
