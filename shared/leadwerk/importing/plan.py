"""What a file will become: its columns, the mapping and the policy, decided before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from leadwerk.catalogue.languages import Language
from leadwerk.errors import InputError
from leadwerk.importing.column_format import ColumnFormat
from leadwerk.importing.column_kinds import (
    Column,
    ColumnEvidence,
    column_evidence,
    describe_columns,
    time_column_format,
)
from leadwerk.importing.column_mapping import ROW_NUMBER, ColumnMapping, StatedColumns
from leadwerk.importing.lead_ids import padded_width
from leadwerk.importing.lead_values import fields_of
from leadwerk.importing.mapping import attribute_sources, mapping_under_policy, state_mapping
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.policy_file import policy_text
from leadwerk.importing.starting_rules import StartingRule, starting_rules
from leadwerk.importing.statuses import statuses
from leadwerk.importing.table import CsvTable
from leadwerk.importing.unit_column import unit_factor, unit_of_column
from leadwerk.lead.amount import DecimalMark
from leadwerk.lead.timestamps import DateOrder
from leadwerk.policy.folding import folded
from leadwerk.policy.load import parse
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message

KINDS_OF_ONE_USE = frozenset({"empty", "constant", "row_number", "text", "contact", "yes_no", "options", "date"})


@dataclass(frozen=True)
class StatedFormats:
    """The user's statement of how numbers and dates are written; None: detected from the file."""

    decimal: DecimalMark | None = None
    order: DateOrder | None = None


@dataclass(frozen=True)
class ImportPlan:
    """A file and what it will become; `own_policy`: the policy under which it is read, where none is written."""

    table: CsvTable
    mapping: ColumnMapping
    columns: Sequence[Column]
    languages: Sequence[Language]
    own_policy: Policy | None = None

    @cached_property
    def policy_text(self) -> str:
        """The policy that follows from the file.

        Raises:
            InputError: no lead was lost, or a column has to be stated.
        """
        attributes = attribute_sources(self.columns, self.mapping)
        stem, column_statuses = self.table.path.stem, statuses(self.table, self.mapping)
        rules = self.starting_rules
        return policy_text(stem, self.mapping, attributes, column_statuses, self.languages, rules)

    @cached_property
    def starting_rules(self) -> tuple[StartingRule, ...]:
        """Points that decide until there is a model; none of a large file."""
        return starting_rules(self.table, self.mapping, attribute_sources(self.columns, self.mapping))

    @cached_property
    def policy(self) -> Policy:
        """The policy that the file is imported under."""
        return self.own_policy or parse(self.policy_text)

    def use(self, column: Column) -> Message:
        """What becomes of a column, in words."""
        mapping = self.mapping
        roles = {mapping.id: Message("import.use.id"), mapping.outcome: self._outcome_use, mapping.time: self._time_use}
        if column.name in roles:
            return roles[column.name]
        if column.name in mapping.exclude:
            return Message("import.use.excluded")
        if column.name in {name for name, _ in mapping.lost}:
            return Message("import.use.lost")
        field = self._fields.get(column.name)
        if self.own_policy and field is None:
            sources = {folded(attribute.source or attribute.name) for attribute in self.own_policy.attributes}
            return Message("import.use.attribute" if folded(column.name) in sources else "import.use.no_attribute")
        return column_use(column, field, has_times=mapping.time is not None)

    @property
    def _outcome_use(self) -> Message:
        mapping = self.mapping
        if self.own_policy:
            return Message("import.use.outcome.policy")
        if mapping.open:
            undecided = ", ".join(map(repr, mapping.open))
            return Message("import.use.outcome.open", value=mapping.positive, open=undecided)
        return Message("import.use.outcome", value=mapping.positive)

    @property
    def _time_use(self) -> Message:
        how = self.mapping.formats.get(self.mapping.time or "", ColumnFormat())
        zone = self.mapping.zone if how.form == "text" else f"{how.form}, {self.mapping.zone}"
        return Message(f"import.use.time.{how.order}" if how.order else "import.use.time", zone=zone)

    @cached_property
    def _fields(self) -> dict[str, str]:
        mapping = self.mapping
        mapped = {mapping.id, mapping.outcome, mapping.time, *mapping.exclude}
        return fields_of([name for name in self.table.columns if name not in mapped])


def column_use(column: Column, field: str | None, *, has_times: bool = True) -> Message:
    """What becomes of a column that has no role by name; `field`: that of every lead which it holds."""
    if field == column.name:
        return Message("import.use.same_field")
    if field:
        return Message("import.use.field", field=field)
    if column.kind == "date" and not has_times:
        return Message("import.use.no_age")
    if column.kind in KINDS_OF_ONE_USE:
        return Message(f"import.use.{column.kind}")
    marks = {".": "import.use.learned.point", ",": "import.use.learned.comma"}
    return Message(marks.get(column.format.decimal or "", "import.use.learned"))


def plan_import(
    table: CsvTable,
    stated: StatedColumns,
    formats: StatedFormats,
    languages: Sequence[Language],
    own_policy: Policy | None = None,
) -> ImportPlan:
    """Decide what a file becomes.

    Raises:
        InputError: a column is not in the file, the good outcome is not clear, or a date can be read in two ways.
    """
    mapping = mapping_under_policy(table, stated) if own_policy else state_mapping(table, stated)
    evidence = column_evidence(table)
    columns = describe_columns(
        table, decimal=formats.decimal, order=formats.order, include=stated.include, evidence=evidence
    )
    read = {column.name: column.format for column in columns if column.format.kind != "text"}
    if mapping.id != ROW_NUMBER and (width := padded_width(table.column(mapping.id))):
        read[mapping.id] = ColumnFormat(width=width)
    if mapping.time:
        read[mapping.time] = _time_format(table, mapping.time, formats.order, evidence)
    return ImportPlan(table, msgspec.structs.replace(mapping, formats=read), columns, languages, own_policy)


def _time_format(
    table: CsvTable, name: str, order: DateOrder | None, evidence: Sequence[ColumnEvidence]
) -> ColumnFormat:
    time_form = time_column_format(table, name, order=order, evidence=evidence)
    # Nothing decides between day and month first: guessing would misdate half of the leads.
    if time_form.question:
        raise InputError(time_form.question, field="time", value=name, remedy=Message("import.nothing"))
    return time_form.format


def mapping_for_scoring(table: CsvTable, learned: ColumnMapping) -> ColumnMapping:
    """The mapping of the file that was learned from, for another file: its columns by their titles as this file writes
    them, and the formats that this file proves, else those that were learned.

    Raises:
        InputError: a column's unit is another one than was learned from, and does not convert.
    """
    learned_formats = {folded(name): how for name, how in learned.formats.items()}
    evidence = column_evidence(table)
    columns = describe_columns(table, include=learned.include, learned_formats=learned_formats, evidence=evidence)
    excluded = {*map(folded, (*learned.exclude, learned.outcome, learned.id))}
    read = {}
    for column in columns:
        before = learned_formats.get(folded(column.name))
        if before is not None:
            read[column.name] = _carried(before, column.format)
            if before.unit is not None and folded(column.name) not in excluded:
                read[column.name] = _in_learned_unit(table, column.name, read[column.name])
    time = next((name for name in table.columns if learned.time and folded(name) == folded(learned.time)), None)
    if time:
        how = time_column_format(table, time, learned_formats=learned_formats, evidence=evidence).format
        # A file of one day may prove nothing: then the learned order holds.
        read[time] = how if how.order or how.form != "text" else learned_formats.get(folded(time), how)
    # A file to score has no outcome; the name is kept so that the mapping stays valid.
    outcome = next((name for name in table.columns if folded(name) == folded(learned.outcome)), learned.outcome)
    return msgspec.structs.replace(learned, outcome=outcome, time=time, formats=read, lost=())


def _carried(before: ColumnFormat, present: ColumnFormat) -> ColumnFormat:
    """The learned format, with marks that the present file proves."""
    return msgspec.structs.replace(
        before,
        decimal=present.decimal if present.kind == "number" and present.decimal else before.decimal,
        order=present.order or before.order,
        form=present.form if present.kind == "date" else before.form,
    )


def _in_learned_unit(table: CsvTable, name: str, how: ColumnFormat) -> ColumnFormat:
    cells = table.column(name)
    if how.unit is None or np.isnan(numbers_of(cells, how.decimal)).all():
        return how
    return msgspec.structs.replace(how, factor=unit_factor(name, how.unit, unit_of_column(cells, how.decimal)))
