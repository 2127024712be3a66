"""Leads of a file as rows of the warehouse's tables, in batches of columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.importing.lead_values import AttributeValues, LeadValues
from leadwerk.importing.leads import ParsedLeads
from leadwerk.policy.model import Policy
from leadwerk.policy.points import PointsModel
from leadwerk.warehouse import schema

ROWS_A_BATCH = 50_000
OUTCOME_AFTER = timedelta(hours=1)
"""A file states a lead's outcome without its time: an hour after creation lies within any imported horizon."""
_MOMENT = pa.timestamp("us", "UTC")
_TYPES = {"STRING": pa.string(), "INT64": pa.int64(), "FLOAT64": pa.float64(), "BOOL": pa.bool_()}
_ATTRIBUTE = pa.struct([("name", pa.string()), ("text", pa.string()), ("number", pa.float64())])


def event_ids(parsed: ParsedLeads, policy: Policy) -> pa.StringArray:
    """An id for each lead that follows from its row, the mapping and the policy: the same file gives the same ids.

    DuckDB hashes the rows: a million a second.
    """
    if not len(parsed):
        return pa.array([], pa.string())
    names = [f"c{at}" for at in range(len(parsed.table.cells))]
    cells = pa.table(
        [
            pa.DictionaryArray.from_arrays(pa.array(column.codes[parsed.rows]), column.distinct)
            for column in parsed.table.cells
        ]
        + [pa.array(parsed.statuses), pa.array(parsed.created_at), parsed.ids],
        names=[*names, "status", "created_at", "lead_id"],
    )
    # The id covers how the row was read: another mapping of the same file replaces its rows, another name does not.
    meaning = msgspec.structs.replace(policy, name="", version="", points=PointsModel())
    reading = hashlib.sha256(msgspec.json.encode([parsed.mapping, meaning], order="deterministic")).hexdigest()
    parts = ", ".join((*(f"CAST({name} AS VARCHAR)" for name in names), "status", "epoch_us(created_at)", "lead_id"))
    with duckdb.connect() as connection:
        # One thread: a second one takes as long again to wait for Arrow's dictionaries.
        connection.execute("SET enable_progress_bar = false; SET threads = 1")
        connection.register("cells", cells)
        # DuckDB hashes a million rows in a second; Python would take a minute.
        hashed = connection.execute(f"SELECT 'import.' || md5(concat_ws(chr(31), '{reading}', {parts})) FROM cells")  # noqa: S608
        return _array(hashed.to_arrow_table().column(0))


def _array(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def lead_batches(parsed: ParsedLeads, values: LeadValues, ids: pa.StringArray) -> Iterator[pa.Table]:
    """Rows of `leads`."""
    read = {name: (which, _typed(name, texts)) for name, (which, texts) in values.columns.items()}
    created = pa.array(parsed.created_at).cast(_MOMENT)
    for rows in _slices(len(parsed)):
        size = rows.stop - rows.start
        columns: dict[str, pa.Array] = {
            "event_id": ids.slice(rows.start, size),
            "lead_id": parsed.ids.slice(rows.start, size),
            "recorded_at": created.slice(rows.start, size),
            "created_at": created.slice(rows.start, size),
        }
        columns |= {name: pc.take(texts, pa.array(which[rows])) for name, (which, texts) in read.items()}
        columns["attributes"] = _attributes([values.attributes[at] for at in range(len(values.attributes))], rows)
        yield pa.table(columns)


def _typed(name: str, values: Sequence[Any] | NDArray[np.float64]) -> pa.Array:
    described = schema.table("leads").field(name)
    kind = _TYPES[described.type if described else "STRING"]
    if isinstance(values, np.ndarray):
        return pa.array(values, mask=np.isnan(values)).cast(kind)
    return pa.array(values, kind)


def _slices(count: int) -> Iterator[slice]:
    for first in range(0, count, ROWS_A_BATCH):
        yield slice(first, min(first + ROWS_A_BATCH, count))


def _attributes(attributes: Sequence[AttributeValues], rows: slice) -> pa.ListArray:
    """The attributes of some leads as lists, without those that are missing."""
    size = rows.stop - rows.start
    if not attributes:
        return pa.ListArray.from_arrays(pa.array(np.zeros(size + 1, np.int32)), pa.array([], _ATTRIBUTE))
    filled = [_filled(values, rows) for values in attributes]
    # Arrow's list layout, built without a Python list for each lead.
    offsets = np.concatenate([[0], np.cumsum(np.sum(filled, axis=0))]).astype(np.int32)
    count = int(offsets[-1])
    which = np.empty(count, np.int32)
    numbers = np.full(count, np.nan)
    text_codes = np.full(count, -1, np.int32)
    texts: list[str] = []
    next_place = offsets[:-1].copy()  # in each lead's list
    for at, (values, is_filled) in enumerate(zip(attributes, filled, strict=True)):
        positions = next_place[is_filled]
        which[positions] = at
        if values.numbers is not None:
            numbers[positions] = values.numbers[rows][is_filled]
        elif values.codes is not None:
            text_codes[positions] = values.codes[rows][is_filled] + len(texts)
            texts += values.levels
        next_place += is_filled
    names = pc.take(pa.array([values.attribute.name for values in attributes]), pa.array(which))
    text_values = pc.take(pa.array(texts, pa.string()), pa.array(text_codes, mask=text_codes < 0))
    structs = pa.StructArray.from_arrays(
        [names, text_values, pa.array(numbers, mask=np.isnan(numbers))], fields=list(_ATTRIBUTE)
    )
    return pa.ListArray.from_arrays(pa.array(offsets), structs)


def _filled(values: AttributeValues, rows: slice) -> NDArray[np.bool_]:
    if values.numbers is not None:
        return ~np.isnan(values.numbers[rows])
    if values.codes is not None:
        return np.asarray(values.codes[rows] >= 0)
    return np.zeros(rows.stop - rows.start, dtype=bool)


def outcome_batches(parsed: ParsedLeads, outcomes: Sequence[str | None], ids: pa.StringArray) -> Iterator[pa.Table]:
    """Rows of `outcomes`; `outcomes` maps each of the file's statuses to an outcome, None for no meaning."""
    meaning = np.array([*(outcome is not None for outcome in outcomes), False], dtype=bool)
    leads = np.flatnonzero(meaning[parsed.statuses])
    # An outcome after its lead by a fixed time: a file states no moment, and nothing may come before creation.
    moments = parsed.created_at + np.timedelta64(int(OUTCOME_AFTER.total_seconds()), "s")
    for rows in _slices(len(leads)):
        which = leads[rows]
        at = pa.array(moments[which]).cast(_MOMENT)
        status = pa.array(parsed.statuses[which])
        yield pa.table(
            {
                "event_id": pc.binary_join_element_wise(pc.take(ids, pa.array(which)), "outcome", "."),
                "lead_id": pc.take(parsed.ids, pa.array(which)),
                "day": pa.array(moments[which].astype("datetime64[D]")),
                "occurred_at": at,
                "recorded_at": at,
                "status": pc.take(pa.array(list(parsed.status_names), pa.string()), status),
                "outcome": pc.take(pa.array(list(outcomes), pa.string()), status),
            }
        )
