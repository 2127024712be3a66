"""Touchpoints of a file: its times and amounts are read in the formats of their columns, as an import reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from leadwerk.catalogue.features import AMOUNTS
from leadwerk.errors import InputError
from leadwerk.importing.column_kinds import Column, describe_columns, time_column_format
from leadwerk.importing.number_column import amounts_of
from leadwerk.importing.table import CsvTable
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.time_column import moments_of
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.lead import NAMES
from leadwerk.lead.timestamps import DateOrder
from leadwerk.pipeline.touchpoint_reader import TITLES
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

_TIMES = {folded(title) for name in ("occurred_at", "delivered_at") for title in TITLES[name]}
_MOMENTS = {folded(title) for title in TITLES["occurred_at"]}
_AMOUNT_FIELDS = {field for amount in AMOUNTS for field in NAMES[amount]}


def touchpoint_records(
    content: CsvTable,
    common: Mapping[str, str],
    zone: str,
    *,
    time: str | None = None,
    order: DateOrder | None = None,
) -> list[dict[str, Any]]:
    """The rows of a file with the fields `common`; times without an offset are of `zone`, cells that are no times or
    amounts stay as they are. `time` and `order` are stated by the user.

    Raises:
        InputError: dates or amounts can be read in two ways; or a column holds dates, and none is known as the time.
    """
    columns = describe_columns(content, order=order)
    stated = content.columns[content.index(time)] if time else None
    if stated is None and "occurred_at" not in common:
        _refuse_unknown_time(columns)
    cells: dict[str, list[Any]] = {}
    for column, texts in zip(columns, content.cells, strict=True):
        values = _values(content, column, texts, zone, order, is_time=stated == column.name)
        cells["occurred_at" if stated == column.name else column.name] = [values[code] for code in texts.codes]
    return [{**dict(zip(cells, row, strict=True)), **common} for row in zip(*cells.values(), strict=True)]


def _refuse_unknown_time(columns: list[Column]) -> None:
    """Stored as of now, a list of last month's visitors would look like today's."""
    if any(folded(column.name) in _MOMENTS for column in columns):
        return
    dated = next((column for column in columns if column.kind == "date"), None)
    if dated is not None:
        raise InputError(Message("touchpoints.no_time", column=dated.name), field="time", value=dated.name)


def _values(
    content: CsvTable, column: Column, texts: TextColumn, zone: str, order: DateOrder | None, *, is_time: bool
) -> list[Any]:
    """The value of each different cell of a column."""
    values: list[Any] = texts.trimmed.to_pylist()
    if is_time or folded(column.name) in _TIMES:
        how = time_column_format(content, column.name, order=order)
        if how.question:
            raise InputError(how.question, field="occurred_at", value=column.name)
        moments = moments_of(texts, how.format.form, how.format.order or "dmy", zone)
        return [
            text if np.isnat(moment) else f"{moment.item().isoformat()}+00:00"
            for text, moment in zip(values, moments, strict=True)
        ]
    if field_of(column.name) in _AMOUNT_FIELDS and column.kind == "number":
        if column.question:
            raise InputError(column.question, field=column.name, value=column.name)
        numbers = amounts_of(texts, column.format.decimal, column.name)
        return [text if np.isnan(number) else float(number) for text, number in zip(values, numbers, strict=True)]
    return values
