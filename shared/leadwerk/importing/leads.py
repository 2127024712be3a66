"""Rows of a file as leads with their outcome, column by column, in the terms of the mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import ROW_NUMBER, ColumnMapping
from leadwerk.importing.lead_ids import ADDRESS, read_ids, unusable_ids
from leadwerk.importing.rejections import RejectionGroup, rejected_rows
from leadwerk.importing.statuses import status_codes
from leadwerk.importing.table import CsvTable
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.time_column import Moments, moments_of
from leadwerk.lead.attribute import LONGEST_TEXT
from leadwerk.lead.lead import EARLIEST
from leadwerk.lead.synthetic_times import FIRST_MADE_UP_TIME, step_for
from leadwerk.texts.message import Message, sentences

_CLOCK_TOLERANCE = timedelta(hours=14)
"""A time without a zone may be ahead of ours by as much as the earliest zone is."""
_CONTINUATION_SHARE = 0.5


@dataclass(frozen=True)
class ParsedLeads:
    """The n leads of a table, in the order in which they first stand in it.

    `rows` (n,) is the row of each lead's creation, whose values count; `ids` their ids; `created_at` (n,) UTC.
    `statuses` (n,) index `status_names`, -1 where none is known. `later_rows` counts further rows of the same leads,
    `continuation_rows` those that only continue a row above.
    """

    table: CsvTable
    mapping: ColumnMapping
    rows: NDArray[np.intp]
    ids: pa.StringArray
    created_at: Moments
    statuses: NDArray[np.int32]
    status_names: tuple[str, ...]
    rejections: tuple[RejectionGroup, ...] = ()
    later_rows: int = 0
    continuation_rows: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lines(self) -> NDArray[np.int64]:
        """The line in the file of each lead's creation."""
        return self.table.lines[self.rows]


def parse_leads(table: CsvTable, mapping: ColumnMapping, *, now: datetime, is_scoring: bool = False) -> ParsedLeads:
    """The leads of a table; the same file gives the same leads, whenever it is read.

    A lead's oldest row by its time is its creation, its newest with a status its outcome; without times the rows stand
    in their order. In a file to be scored every row is a lead, and one without a time is of `now`.

    Raises:
        InputError: the id column of the mapping is not in the file, its ids were shortened by a spreadsheet, or they
            are addresses of persons.
    """
    ids = read_ids(table, mapping)
    statuses, names = status_codes(table, mapping)
    moments = _moments(table, mapping)
    problems = _Problems(table, mapping, [_malformed(table)])
    continues = _continuation(table, mapping, ids, statuses)
    problems.add(
        unusable_ids(ids, mapping) & ~continues, mapping.id, Message("import.reject.id", length=LONGEST_TEXT), ids
    )
    problems.add(ids.missing[ids.codes] & ~continues, mapping.id, Message("import.reject.id_missing"))
    if moments is not None and mapping.time:
        times = table.column(mapping.time)
        untimed = times.missing[times.codes]
        if is_scoring:  # a lead to be scored that says no time is of now
            moments = np.where(untimed, _as_moment(now), moments)
        else:
            problems.add(untimed & ~continues, mapping.time, Message("import.reject.time_missing"))
        _check_times(problems, times, mapping, moments, now, ~continues)
        # A clock slightly ahead counts as now; further ahead was rejected above.
        moments = np.minimum(moments, _as_moment(now))
    usable = np.flatnonzero(~(problems.bad | continues))
    first, newest, later = _grouped(ids, moments, statuses, usable, is_scoring=is_scoring)
    return ParsedLeads(
        table,
        mapping,
        first,
        pc.take(ids.trimmed, pa.array(ids.codes[first])),
        _created(moments, first, now, is_scoring=is_scoring),
        np.where(newest >= 0, statuses[newest], -1).astype(np.int32),
        names,
        tuple(group for group in problems.groups if len(group.lines)),
        later,
        int(continues.sum()),
    )


@dataclass
class _Problems:
    """Collects rows that cannot be used, each for its first reason."""

    table: CsvTable
    mapping: ColumnMapping
    groups: list[RejectionGroup]

    def __post_init__(self) -> None:
        self.bad = np.zeros(len(self.table), dtype=bool)

    def add(self, where: NDArray[np.bool_], field: str, reason: str, quotable_column: TextColumn | None = None) -> None:
        rows = np.flatnonzero(where & ~self.bad)
        if len(rows):
            example = quotable_column.values(rows[:1])[0] if quotable_column is not None else ""
            # An address names a person, and a list of rejects is passed on.
            example = "" if ADDRESS.search(example) else example
            self.groups.append(RejectionGroup(field, reason, self.table.lines[rows], example=example))
            self.bad |= where


def _malformed(table: CsvTable) -> RejectionGroup:
    reasons = sorted({line.reason for line in table.malformed})
    lines = np.array([line.line for line in table.malformed], np.int64)
    return RejectionGroup("row", reasons[0] if len(reasons) == 1 else Message("import.reject.malformed"), lines)


def _continuation(
    table: CsvTable, mapping: ColumnMapping, ids: TextColumn, statuses: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Rows that only continue the one above, as exports of lists within a lead have them: no id, status or time.

    So does a row that holds nothing at all.
    """
    continues = ids.missing[ids.codes] & (statuses < 0)
    if not continues.any() or mapping.id == ROW_NUMBER:
        return np.zeros(len(table), dtype=bool)
    if mapping.time and (times := table.find(mapping.time)) is not None:
        continues &= times.missing[times.codes]
    rows = np.flatnonzero(continues)
    filled = sum((~cells.missing[cells.codes[rows]]).astype(np.int64) for cells in table.cells)
    # A row with most of its cells filled is a lead whose id is missing, not a continuation.
    continues[rows] = (np.asarray(filled) <= _CONTINUATION_SHARE * len(table.columns)) & (rows > 0) | (
        np.asarray(filled) == 0
    )
    return continues


def _moments(table: CsvTable, mapping: ColumnMapping) -> Moments | None:
    """When each row is of, None where the file does not say it."""
    times = table.find(mapping.time) if mapping.time else None
    if times is None or mapping.time is None:
        return None
    how = mapping.formats[mapping.time]
    return moments_of(times, how.form, how.order or "dmy", mapping.zone)[times.codes]


def _check_times(
    problems: _Problems,
    times: TextColumn,
    mapping: ColumnMapping,
    moments: Moments,
    now: datetime,
    leads: NDArray[np.bool_],
) -> None:
    name = mapping.time or ""
    unreadable = np.isnat(moments) & leads
    problems.add(unreadable, name, Message("import.reject.time"), times)
    problems.add((moments < _as_moment(EARLIEST)) & leads, name, Message("import.reject.past"), times)
    problems.add((moments > _as_moment(now + _CLOCK_TOLERANCE)) & leads, name, Message("import.reject.future"), times)


def _as_moment(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "us")


def _grouped(
    ids: TextColumn,
    moments: Moments | None,
    statuses: NDArray[np.int32],
    usable: NDArray[np.intp],
    *,
    is_scoring: bool,
) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """The row of creation of each lead, its newest row with a status (-1: none), and the number of other rows."""
    if is_scoring or not len(usable):
        return usable, np.full(len(usable), -1, np.intp), 0
    codes = ids.codes[usable]
    keys = (usable, codes) if moments is None else (usable, moments[usable], codes)
    # lexsort sorts by its last key first: by lead, then time, then place in the file.
    order = usable[np.lexsort(keys)]
    starts = np.flatnonzero(np.diff(ids.codes[order], prepend=-1))
    first = order[starts]
    position = np.where(statuses[order] >= 0, np.arange(len(order)), -1)
    latest = np.maximum.reduceat(position, starts)
    newest = np.where(latest >= starts, order[np.maximum(latest, 0)], -1)
    # Back into the order of the file, in which the scores are written beside the rows.
    in_file = np.argsort(np.minimum.reduceat(order, starts), kind="stable")
    return first[in_file], newest[in_file], len(usable) - len(first)


def _created(moments: Moments | None, first: NDArray[np.intp], now: datetime, *, is_scoring: bool) -> Moments:
    if moments is not None:
        return moments[first]
    if is_scoring:
        return np.full(len(first), _as_moment(now))
    step = np.timedelta64(int(step_for(len(first)).total_seconds() * 1_000_000), "us")
    return np.asarray(_as_moment(FIRST_MADE_UP_TIME) + np.arange(len(first)) * step)


def refuse_losses(parsed: ParsedLeads, *, accepted: bool, most_rejected: float = 0.2) -> None:
    """Stop an import that would lose most of its rows, before anything is written.

    Raises:
        InputError: no row can be used; or more than `most_rejected` cannot, and the user has not accepted it.
    """
    groups = sorted((group for group in parsed.rejections if not group.value_only), key=lambda group: -len(group.lines))
    total = len(parsed.table) + len(parsed.table.malformed)
    lost = rejected_rows(groups)
    if len(parsed) and (accepted or lost <= most_rejected * total):
        return
    fault = sentences(
        Message("import.losses", lost=f"{lost:,}", total=f"{total:,}"),
        Message("import.losses.often", reason=groups[0].description) if groups else "",
    )
    raise InputError(
        fault if total else Message("import.losses.no_rows", file=parsed.table.path.name),
        field="file",
        value=str(parsed.table.path),
        remedy=sentences(Message("import.losses.remedy"), Message("import.losses.accept") if len(parsed) else ""),
    )


def missing_columns(table: CsvTable, sources: Iterable[str]) -> list[str]:
    """Columns that a file does not have; its leads are taken as if they were empty."""
    return [source for source in dict.fromkeys(sources) if table.find(source) is None]
