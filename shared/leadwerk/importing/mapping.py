"""The mapping of a file from the user's statements, and the attributes that a model may learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from leadwerk.errors import InputError
from leadwerk.importing.column_kinds import FEATURE_KINDS, Column
from leadwerk.importing.column_mapping import ROW_NUMBER, ColumnMapping, StatedColumns
from leadwerk.importing.statuses import count_statuses, lost_rules, lost_status, open_statuses, positive_status
from leadwerk.importing.table import CsvTable
from leadwerk.policy.folding import as_name, folded
from leadwerk.policy.validation import RESERVED_NAMES
from leadwerk.texts.message import Message

# Leaves room for `attribute_` and a number within BigQuery's and the policy's limit of 60.
NAME_LENGTH = 48


def state_mapping(table: CsvTable, stated: StatedColumns) -> ColumnMapping:
    """The mapping, with all names as the file writes them.

    Raises:
        InputError: a column is not in the file, or which outcome is the good one cannot be decided.
    """
    mapping = _named(table, stated)
    rules = lost_rules(table, stated.lost, mapping.outcome)
    lost = {folded(lost_status(mapping.outcome, *rule)) for rule in rules}
    # The good value is one of the outcome's own: a won lead may be closed as well, which other columns call lost.
    positive = positive_status(count_statuses(table, mapping), stated, mapping.outcome, lost)
    mapping = msgspec.structs.replace(mapping, positive=positive)
    counts = count_statuses(table, msgspec.structs.replace(mapping, lost=rules))
    undecided = open_statuses(counts, stated, mapping.outcome, {folded(positive), *lost})
    return msgspec.structs.replace(mapping, positive=positive, open=undecided, lost=rules)


def mapping_under_policy(table: CsvTable, stated: StatedColumns) -> ColumnMapping:
    """The mapping of a file that is read under a policy which says itself what its statuses and attributes mean.

    Raises:
        InputError: a column is not in the file; or none says when leads came, so that no horizon can pass.
    """
    if stated.time is None:
        raise InputError(Message("import.no_time"), field="time")
    mapping = _named(table, stated)
    return msgspec.structs.replace(
        mapping,
        open=tuple(stated.open),
        lost=lost_rules(table, stated.lost, mapping.outcome),
    )


def _named(table: CsvTable, stated: StatedColumns) -> ColumnMapping:
    name = {column: table.columns[table.index(column)] for column in (stated.outcome, *stated.exclude, *stated.include)}
    return ColumnMapping(
        id=id_column(table, stated.id),
        outcome=name[stated.outcome],
        positive="",
        time=table.columns[table.index(stated.time)] if stated.time else None,
        zone=stated.zone,
        exclude=tuple(dict.fromkeys(name[column] for column in stated.exclude)),
        include=tuple(dict.fromkeys(name[column] for column in stated.include)),
    )


def id_column(table: CsvTable, stated: str) -> str:
    """The id column as the file writes it, or `row` where the row number is the id.

    Raises:
        InputError: there is no such column.
    """
    if folded(stated) == ROW_NUMBER and ROW_NUMBER not in map(folded, table.columns):
        return ROW_NUMBER
    return table.columns[table.index(stated)]


@dataclass(frozen=True)
class AttributeSource:
    """An attribute that a column becomes; of a list of options one for each `option`."""

    name: str
    column: Column
    option: str = ""


def attribute_sources(columns: Iterable[Column], mapping: ColumnMapping) -> list[AttributeSource]:
    """What a model may learn from: columns of values that are not excluded, and their ages where the leads have times.

    Raises:
        InputError: the values of one of them cannot be read before something is stated.
    """
    mapped = {mapping.id, mapping.outcome, mapping.time, *mapping.exclude, *(column for column, _ in mapping.lost)}
    names: dict[str, None] = {}
    sources: list[AttributeSource] = []
    for column in columns:
        if column.name in mapped or column.kind not in FEATURE_KINDS or (column.kind == "date" and not mapping.time):
            continue
        if column.question:
            raise InputError(column.question, field=column.name, remedy=Message("import.nothing"))
        for option in column.options or ("",):
            name = _unused(_free(slug(f"{column.name} {option}")), names)
            names[name] = None
            sources.append(AttributeSource(name, column, option))
    return sources


def _free(name: str) -> str:
    """A name that does not already mean a feature of every lead."""
    return f"{name}_stated" if name in RESERVED_NAMES else name


def slug(title: str) -> str:
    """A title as a name: small letters, digits, underscores.

    >>> slug("Größe (m²) der Wohnung"), slug("90 days")
    ('groesse_m2_der_wohnung', 'c_90_days')
    """
    return as_name(title, prefix="c", length=NAME_LENGTH)


def _unused(name: str, used_names: Iterable[str]) -> str:
    candidate, again = name, 2
    while candidate in used_names:
        candidate, again = f"{name}_{again}", again + 1
    return candidate
