"""Rows of a file as leads with their outcome, in the terms of the mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadwerk.errors import InputError
from leadwerk.importing.columns import Style, is_missing, moment, number, style_of
from leadwerk.importing.mapping import ColumnMapping
from leadwerk.importing.records import Record
from leadwerk.importing.table import CsvTable, as_text
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.lead import EARLIEST, LONGEST_TEXT, NAMES, parse_id
from leadwerk.lead.synthetic_times import FIRST_MADE_UP_TIME, step_for
from leadwerk.policy.model import Attribute, Policy


@dataclass(frozen=True)
class FileLead:
    """A row that can be used: its line, id, time (UTC), values by the file's column, and outcome if known."""

    line: int
    lead_id: str
    created_at: datetime
    values: dict[str, Any]
    status: str | None
    event_id: str

    @property
    def raw(self) -> dict[str, Any]:
        """The lead as forms and CRMs tell it."""
        return {**self.values, "lead_id": self.lead_id, "created_at": self.created_at}


@dataclass(frozen=True)
class RejectedValue:
    """What could not be used and why: a whole row, or (with `value_only`) one value of a row that is used."""

    line: int
    field: str
    reason: str
    text: str
    value_only: bool = False


@dataclass
class ParsedLeads:
    """What became of the rows of a file."""

    leads: list[FileLead] = field(default_factory=list)
    rejected: list[RejectedValue] = field(default_factory=list)


def leads(table: CsvTable, mapping: ColumnMapping, policy: Policy, source: str, *, now: datetime) -> ParsedLeads:
    """The leads of a table; the same file gives the same leads and event ids, whenever it is read.

    Raises:
        InputError: the id or time column of the mapping is not in the file.
    """
    result = ParsedLeads(rejected=[RejectedValue(b.line, "row", b.reason, b.text) for b in table.broken])
    created = _clock(table, mapping)
    identified = _field(table, mapping.id)
    status = _optional_field(table, mapping.outcome)
    known = _Values(table, mapping, policy.attributes)
    seen: dict[str, int] = {}
    for index, row in enumerate(table.rows):
        lead_id, at = identified(row), created(index, row)
        problem = _problem(mapping, lead_id, at, seen, now)
        if problem or at is None:
            result.rejected.append(RejectedValue(row.line, *(problem or ("", "")), as_text(row.fields)))
            continue
        seen[lead_id] = row.line
        values = known.of(row, result.rejected)
        result.leads.append(FileLead(row.line, lead_id, at, values, status(row), _event_id(source, lead_id, row)))
    return result


def _problem(
    mapping: ColumnMapping, lead_id: str, at: datetime | None, seen: dict[str, int], now: datetime
) -> tuple[str, str] | None:
    """Field and reason if a row cannot be used."""
    if is_missing(lead_id):
        return mapping.id, "the id is missing"
    if lead_id in seen:
        return mapping.id, f"the id {lead_id!r} stands on line {seen[lead_id]} already; that line is used"
    try:
        parse_id(lead_id)
    except InputError:
        return mapping.id, f"this is no id: longer than {LONGEST_TEXT} signs, or with some that cannot be seen"
    if at is None:
        return mapping.time or "", "this is no time; write it like 2025-12-31T14:30:00 or 31.12.2025"
    if at < EARLIEST:
        return mapping.time or "", f"the time {at:%Y-%m-%d} is too long ago"
    if at > now:
        return mapping.time or "", f"the time {at:%Y-%m-%d %H:%M} UTC is in the future"
    return None


def _field(table: CsvTable, column: str) -> Callable[[Record], str]:
    at = table.index(column)
    return lambda row: row.fields[at].strip()


def _optional_field(table: CsvTable, column: str) -> Callable[[Record], str | None]:
    """A column that a file to be scored need not have."""
    if column not in table.columns:
        return lambda row: None
    get = _field(table, column)
    return lambda row: None if is_missing(get(row)) else get(row)


def _clock(table: CsvTable, mapping: ColumnMapping) -> Callable[[int, Record], datetime | None]:
    if mapping.time is not None:
        get = _field(table, mapping.time)
        return lambda index, row: moment(get(row))
    step = step_for(len(table.rows))
    return lambda index, row: FIRST_MADE_UP_TIME + index * step


class _Values:
    """Reads what is known of a lead from a row; numbers in the style in which this file's column writes them.

    Taken are the policy's attributes and, under their own names, the fields of any lead (postcode, e-mail …). A column
    called otherwise that holds such a field is read as the field, as it is written, beside being an attribute.
    """

    def __init__(self, table: CsvTable, mapping: ColumnMapping, attributes: Sequence[Attribute]) -> None:
        kinds = {a.source or a.name: a.kind for a in attributes}
        taken = {mapping.id, mapping.outcome, mapping.time, *mapping.exclude}
        fields = fields_of([name for name in table.columns if name not in taken])
        known = [name for name, known_as in fields.items() if known_as == name]
        self._called = [(known_as, table.index(name)) for name, known_as in fields.items() if known_as != name]
        self._columns = [(name, table.index(name)) for name in dict.fromkeys([*kinds, *known]) if name in table.columns]
        self._styles: dict[str, Style] = {
            name: style_of([v for v in table.values(name) if not is_missing(v)]) or "point"
            for name, _ in self._columns
            if kinds.get(name) == "number"
        }

    def of(self, row: Record, rejected: list[RejectedValue]) -> dict[str, Any]:
        """Values by column; a number that cannot be read is left out, and said so in `rejected`."""
        texts = {known_as: row.fields[at].strip() for known_as, at in self._called}
        values: dict[str, Any] = {name: text for name, text in texts.items() if not is_missing(text)}
        for name, at in self._columns:
            text = row.fields[at].strip()
            if is_missing(text):
                values[name] = None
                continue
            values[name] = number(text, self._styles[name]) if name in self._styles else text
            if values[name] is None:
                rejected.append(RejectedValue(row.line, name, "this is no number; the value is left out", text, True))
        return values


def fields_of(columns: Sequence[str]) -> dict[str, str]:
    """The fields of a lead that columns hold, by column; of two that hold the same, the one that is called like it, or
    the first.

    >>> fields_of(["PLZ/Ort", "Sprache", "Besuche", "Langue", "plz"])
    {'plz': 'plz', 'Sprache': 'language'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(columns, key=lambda name: field_of(name) != name):
        known_as = field_of(name)
        meant = next((field for field, names in NAMES.items() if known_as in names), None)
        if known_as and meant and (meant not in taken or known_as == name):
            found[name] = known_as
            taken.add(meant)
    return found


def missing_columns(table: CsvTable, policy: Policy) -> list[str]:
    """Columns of the policy's attributes that a file does not have; its leads are taken as if they were empty."""
    return [a.source or a.name for a in policy.attributes if (a.source or a.name) not in table.columns]


def _event_id(source: str, lead_id: str, row: Record) -> str:
    content = "\x1f".join((source, lead_id, *row.fields))
    return f"{source}.{hashlib.sha256(content.encode()).hexdigest()[:24]}"


def rejects(found: Sequence[RejectedValue]) -> Iterator[tuple[int, str, str, str, str]]:
    """Rows of the rejects file, in the file's order: line, what was left out, field, reason, text."""
    for item in sorted(found, key=lambda r: r.line):
        yield item.line, "value" if item.value_only else "row", item.field, item.reason, item.text


REJECTS_HEADER = ("line", "left_out", "field", "reason", "text")
