"""Fields that every lead has, read from a file: numbers as whole columns, all others once a combination of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.importing.column_format import ColumnFormat
from leadwerk.importing.leads import ParsedLeads
from leadwerk.importing.number_column import amounts_of
from leadwerk.importing.postcode_column import restored_postcodes
from leadwerk.importing.rejections import RejectionGroup
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.amount import LARGEST
from leadwerk.lead.lead import NAMES, FieldGroup, LeadColumns, read_group
from leadwerk.lead.rejection import PERSONAL
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message

NUMERIC_FIELDS = frozenset({"loan_amount", "property_value", "income", "instalment", "employees", "revenue"})
FieldValues = tuple[NDArray[Any], Sequence[Any] | NDArray[np.float64]]
"""For each lead the place of its value, and the values; numbers as an array, missing NaN."""


@dataclass(frozen=True)
class RawField:
    """A field as a column writes it; `codes` (n,) say which of the column's texts each lead has.

    `numbers` holds those texts that are numbers in the column's format, NaN for others; None for a field of texts.
    `is_postcode` and `has_country`: how texts are to be restored that a spreadsheet changed.
    """

    column: TextColumn
    codes: NDArray[np.int32]
    numbers: NDArray[np.float64] | None = None
    is_postcode: bool = False
    has_country: bool = False

    @cached_property
    def values(self) -> list[Any]:
        """The different values: None where missing, numbers where they are, else texts."""
        texts: list[Any] = self.column.trimmed.to_pylist()
        for at in np.flatnonzero(self.column.missing).tolist():
            texts[at] = None
        if self.is_postcode:
            return list(restored_postcodes(texts, has_country=self.has_country))
        if self.numbers is not None:
            for at in np.flatnonzero(~np.isnan(self.numbers)).tolist():
                texts[at] = float(self.numbers[at])
        return texts


def raw_fields(parsed: ParsedLeads, titles: Mapping[str, str]) -> dict[str, RawField]:
    """The fields of leads that columns hold; `titles` are these columns by the names under which forms give them."""
    raw = {}
    has_country = any(name in NAMES["country"] for name in titles)
    for name, title in titles.items():
        column = parsed.table.column(title)
        lead_field = next(lead_field for lead_field, names in NAMES.items() if name in names)
        numbers = None
        if lead_field in NUMERIC_FIELDS:
            how = parsed.mapping.formats.get(title, ColumnFormat())
            numbers = amounts_of(column, how.decimal, title) * how.factor
        is_postcode = lead_field == "postcode"
        raw[lead_field] = RawField(column, column.codes[parsed.rows], numbers, is_postcode, has_country)
    return raw


def read_group_columns(
    group: FieldGroup, raw: Mapping[str, RawField], lines: NDArray[np.int64], policy: Policy, person_key: str
) -> tuple[dict[str, FieldValues], list[RejectionGroup]]:
    """The columns of `leads` that a group of fields fills, and the values that could not be read."""
    fields = [name for name in group.fields if name in raw]
    if len(group.fields) == 1 and raw[fields[0]].numbers is not None:
        return _read_numbers(group, raw[fields[0]], lines, policy)
    combinations, which = _combinations([raw[name].codes for name in fields])
    texts = [raw[name].values for name in fields]
    rows: list[LeadColumns] = []
    rejected: dict[str, list[int]] = {}
    for at, places in enumerate(combinations):
        form = {name: values[place] for name, values, place in zip(fields, texts, places, strict=True)}
        row, rejections = read_group(group, form, policy=policy, person_key=person_key)
        rows.append(row)
        for rejection in rejections:
            if rejection.field in (*group.fields[:2], "canton") or len(group.fields) == 1:
                rejected.setdefault(rejection.field, []).append(at)
    columns: dict[str, FieldValues] = {name: (which, [row[name] for row in rows]) for name in (rows[0] if rows else ())}
    groups = [_rejection(name, lines[np.isin(which, places)]) for name, places in rejected.items()]
    return columns, groups


def _read_numbers(
    group: FieldGroup, raw: RawField, lines: NDArray[np.int64], policy: Policy
) -> tuple[dict[str, FieldValues], list[RejectionGroup]]:
    """A field of numbers: what is plainly one needs no further reading."""
    name = group.fields[0]
    assert raw.numbers is not None
    is_whole = raw.numbers == np.floor(raw.numbers) if name == "employees" else True
    plain = (raw.numbers >= 0) & (raw.numbers <= LARGEST) & is_whole
    numbers = np.where(plain, raw.numbers, np.nan)
    used = np.zeros(len(numbers), dtype=bool)
    # The column's texts include those of rows that are no leads; they must not be reported as rejected.
    used[raw.codes] = True
    rejected = np.zeros(len(numbers), dtype=bool)
    rest = np.flatnonzero(~plain & ~raw.column.missing & used)
    texts = pc.take(raw.column.trimmed, pa.array(rest)).to_pylist()
    for at, text in zip(rest.tolist(), texts, strict=True):
        value = text if np.isnan(raw.numbers[at]) else float(raw.numbers[at])
        row, rejections = read_group(group, {name: value}, policy=policy, person_key="")
        numbers[at] = np.nan if row[name] is None else row[name]
        rejected[at] = bool(rejections)
    groups = [_rejection(name, lines[rejected[raw.codes]])] if rejected.any() else []
    return {name: (raw.codes, numbers)}, groups


def _rejection(name: str, lines: NDArray[np.int64]) -> RejectionGroup:
    """Values that were left out, and why, without the values themselves."""
    key = "import.reject.personal" if name in PERSONAL else "import.reject.value"
    reason = Message(key, field=name if name in PERSONAL else name.replace("_", " "))
    return RejectionGroup(name, reason, lines, value_only=True)


def _combinations(codes: Sequence[NDArray[np.int32]]) -> tuple[list[tuple[int, ...]], NDArray[np.intp]]:
    """The different combinations of codes, and which each row has."""
    key = codes[0].astype(np.int64)
    for column in codes[1:]:
        # Renumbered densely after each column: the product of many columns' sizes would overflow 64 bits.
        _, key = np.unique(key, return_inverse=True)
        key = key.astype(np.int64) * (int(column.max(initial=0)) + 1) + column
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return list(zip(*(column[first].tolist() for column in codes), strict=True)), which
