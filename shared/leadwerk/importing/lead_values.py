"""What a file says of its leads: the policy's attributes and the fields that every lead has, parsed once a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.importing.column_format import ColumnFormat
from leadwerk.importing.field_values import FieldValues, raw_fields, read_group_columns
from leadwerk.importing.leads import ParsedLeads
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.option_list import split_options
from leadwerk.importing.rejections import RejectionGroup
from leadwerk.importing.table import CsvTable
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.time_column import moments_of
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.lead import FIELD_GROUPS, NAMES
from leadwerk.lead.yes_no import parse_yes_no
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Attribute, Policy

_MICROSECONDS_A_DAY = 86_400_000_000
_NO_NUMBER = "this is no number; the value is left out"


@dataclass(frozen=True)
class AttributeValues:
    """Values of one attribute for n leads: `numbers` (n,), missing NaN; or `codes` (n,) into `levels`, missing -1."""

    attribute: Attribute
    numbers: NDArray[np.float64] | None = None
    codes: NDArray[np.int32] | None = None
    levels: tuple[str, ...] = ()


@dataclass
class LeadValues:
    """What a file says of n leads. `columns` holds, by column of `leads`, an index (n,) and the values it points to."""

    attributes: list[AttributeValues] = field(default_factory=list)
    columns: dict[str, FieldValues] = field(default_factory=dict)
    rejections: list[RejectionGroup] = field(default_factory=list)


def lead_values(parsed: ParsedLeads, policy: Policy, *, person_key: str, minimum_level_rows: int = 1) -> LeadValues:
    """Attributes and fields of the leads.

    Levels of categories in fewer than `minimum_level_rows` rows are left out: they teach nothing and may name a person.
    """
    values = LeadValues()
    for attribute in policy.attributes:
        if (column := attribute_column(parsed.table, attribute, parsed)) is not None:
            values.attributes.append(_attribute_values(attribute, column, parsed, values, minimum_level_rows))
    raw = raw_fields(parsed, field_columns(parsed))
    for group in FIELD_GROUPS:
        fields = [name for name in group.fields if name in raw]
        if fields:
            columns, rejections = read_group_columns(group, raw, parsed.lines, policy, person_key)
            values.columns |= columns
            values.rejections += rejections
        elif group.fields == ("web_consent",):
            values.columns["web_consent"] = (np.zeros(len(parsed), np.intp), [False])
    return values


def attribute_column(table: CsvTable, attribute: Attribute, parsed: ParsedLeads) -> str | None:
    """The column of a file that an attribute comes from, None if it has none."""
    source = attribute.source or attribute.name
    excluded = {folded(name) for name in parsed.mapping.exclude}
    if table.find(source) is None or folded(source) in excluded:
        return None
    return table.columns[table.index(source)]


def _attribute_values(
    attribute: Attribute, title: str, parsed: ParsedLeads, values: LeadValues, minimum_level_rows: int
) -> AttributeValues:
    column = parsed.table.column(title)
    how = parsed.mapping.formats.get(title, ColumnFormat())
    codes = column.codes[parsed.rows]
    if attribute.kind == "category":
        if attribute.classes:
            levels, of_text = _classes(attribute, column)
        else:
            levels, of_text = _levels(column, codes, minimum_level_rows)
        return AttributeValues(attribute, codes=of_text[codes], levels=levels)
    if attribute.measure == "age_days":
        moments = moments_of(column, how.form, how.order or "dmy", parsed.mapping.zone)
        # Whole days, rounded down: an age is complete days, as people count it.
        days = (parsed.created_at - moments[codes]).astype(np.int64) // _MICROSECONDS_A_DAY
        # A date after the lead came is not known at that moment.
        unknown = np.isnat(moments[codes]) | (days < 0)
        _reject(
            values, parsed, title, "this is no date; the value is left out", np.isnat(moments) & ~column.missing, column
        )
        return AttributeValues(attribute, numbers=np.where(unknown, np.nan, days))
    numbers = _numbers(attribute, column, how)
    reason = _NO_NUMBER if attribute.measure == "value" else "this is neither yes nor no; the value is left out"
    _reject(values, parsed, title, reason, np.isnan(numbers) & ~column.missing, column)
    return AttributeValues(attribute, numbers=numbers[codes])


def _numbers(attribute: Attribute, column: TextColumn, how: ColumnFormat) -> NDArray[np.float64]:
    """The number of each different text."""
    if attribute.measure == "value":
        return numbers_of(column, how.decimal) * how.factor
    parse: Callable[[str], Any] = parse_yes_no
    if attribute.measure == "option":
        separator, option = how.separator or ";", folded(attribute.option)

        def parse(text: str) -> Any:
            return float(option in {folded(part) for part in split_options(text, separator)})

    return np.array([np.nan if value is None else value for value in column.map_objects(parse)], dtype=np.float64)


def _reject(
    values: LeadValues,
    parsed: ParsedLeads,
    title: str,
    reason: str,
    unreadable: NDArray[np.bool_],
    column: TextColumn,
) -> None:
    if unreadable.any():
        lines = parsed.lines[unreadable[column.codes[parsed.rows]]]
        if len(lines):
            values.rejections.append(RejectionGroup(title, reason, lines, value_only=True))


def _levels(
    column: TextColumn, codes: NDArray[np.int32], minimum_rows: int
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The levels of a category in their commonest spelling, and for each text of the column which it is (-1: none)."""
    counts = np.bincount(codes, minlength=len(column.distinct))
    levels: dict[str, list[int]] = {}
    for at, text in enumerate(column.texts()):
        if not column.missing[at] and counts[at]:
            levels.setdefault(folded(text), []).append(at)
    names: list[str] = []
    of_text = np.full(len(column.distinct), -1, np.int32)
    for row_numbers in levels.values():
        # Rare levels teach nothing and may be names of persons.
        if counts[row_numbers].sum() >= minimum_rows:
            of_text[row_numbers] = len(names)
            # On a tie the spelling that comes first in the file wins, so the result does not depend on chance.
            commonest = max(row_numbers, key=lambda at: (counts[at], -at))
            names.append(_readable(column.trimmed[commonest].as_py()))
    return tuple(names), of_text


def _readable(text: str) -> str:
    """A value as people read it: single blanks, and none of the control characters that a database left in it."""
    return " ".join("".join(sign for sign in text if sign.isprintable() or sign.isspace()).split())[:200]


def _classes(attribute: Attribute, column: TextColumn) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    from leadwerk.policy.text_classes import class_of

    names: dict[str, int] = {}
    of_text = np.full(len(column.distinct), -1, np.int32)
    for at, text in enumerate(column.texts()):
        if not column.missing[at] and any(sign.isalnum() for sign in text):
            of_text[at] = names.setdefault(class_of(attribute, text), len(names))
    return tuple(names), of_text


def fields_of(columns: Sequence[str]) -> dict[str, str]:
    """The fields of a lead that columns hold, by column; of two that hold the same, the one that is called like it, or
    the first.

    >>> fields_of(["PLZ/Ort", "Sprache", "Besuche", "Langue", "plz"])
    {'plz': 'plz', 'Sprache': 'language'}
    """
    fields: dict[str, str] = {}
    used_fields: set[str] = set()
    # Exact names first: `plz` is the postcode even where another column is called PLZ/Ort.
    for name in sorted(columns, key=lambda name: field_of(name) != name):
        field_name = field_of(name)
        lead_field = next((lead_field for lead_field, names in NAMES.items() if field_name in names), None)
        if field_name and lead_field and (lead_field not in used_fields or field_name == name):
            fields[name] = field_name
            used_fields.add(lead_field)
    return fields


def field_columns(parsed: ParsedLeads) -> dict[str, str]:
    """The columns that hold fields of a lead, by field, under the names by which forms give them."""
    mapping = parsed.mapping
    mapped = {mapping.id, mapping.outcome, mapping.time, *mapping.exclude}
    return {name: title for title, name in fields_of([c for c in parsed.table.columns if c not in mapped]).items()}


def forms(parsed: ParsedLeads, policy: Policy, leads: NDArray[np.intp] | None = None) -> Iterator[dict[str, Any]]:
    """Each lead (or those at these places) as a form gives it, its values read in the formats of the columns."""
    columns: dict[str, tuple[NDArray[np.int32], list[Any]]] = {}
    fields = {name: (field.codes, field.values) for name, field in raw_fields(parsed, field_columns(parsed)).items()}
    for attribute in policy.attributes:
        source = attribute.source or attribute.name
        if source not in columns and (title := attribute_column(parsed.table, attribute, parsed)) is not None:
            column = parsed.table.column(title)
            columns[source] = (column.codes[parsed.rows], _form_values(attribute, column, title, parsed))
    has_times = parsed.mapping.time is not None
    for at in range(len(parsed)) if leads is None else leads.tolist():
        form = {name: value for name, (codes, texts) in fields.items() if (value := texts[codes[at]]) is not None}
        form |= {name: value for name, (codes, texts) in columns.items() if (value := texts[codes[at]]) is not None}
        yield {**form, "created_at": _aware(parsed.created_at[at].item())} if has_times else form


def _form_values(attribute: Attribute, column: TextColumn, title: str, parsed: ParsedLeads) -> list[Any]:
    how = parsed.mapping.formats.get(title, ColumnFormat())
    if attribute.measure == "age_days":
        moments = moments_of(column, how.form, how.order or "dmy", parsed.mapping.zone)
        return [None if np.isnat(moment) else _aware(moment.item()) for moment in moments]
    if attribute.measure == "option":
        return list(column.map_objects(lambda text: split_options(text, how.separator or ";")))
    if attribute.kind == "number":
        return [None if np.isnan(number) else float(number) for number in _numbers(attribute, column, how)]
    return [None if empty else text for text, empty in zip(column.texts(), column.missing, strict=True)]


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
