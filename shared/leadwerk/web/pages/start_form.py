"""What a person states about a file in the browser: fields of the form, with guesses where nothing is stated yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from leadwerk.errors import InputError
from leadwerk.importing.column_guess import ColumnGuess, guess_positive, status_counts
from leadwerk.importing.column_kinds import Column
from leadwerk.importing.column_mapping import StatedColumns
from leadwerk.importing.plan import StatedFormats
from leadwerk.importing.statuses import is_open_word
from leadwerk.importing.table import CsvTable, ReadOptions
from leadwerk.lead.amount import DecimalMark
from leadwerk.lead.timestamps import DateOrder
from leadwerk.texts.message import Message

MOST_DIGITS = 9
"""Of the number of a line."""


@dataclass(frozen=True)
class Status:
    """A value of the outcome column: its rows, and what it means."""

    value: str
    rows: int
    is_positive: bool
    is_open: bool


@dataclass(frozen=True)
class FileForm:
    """The fields of the form; without `id` nothing is stated yet, and the guess counts."""

    fields: Mapping[str, str]
    zone_by_default: str

    @property
    def is_stated(self) -> bool:
        """Whether a person has sent the form."""
        return "id" in self.fields

    @property
    def read_options(self) -> ReadOptions:
        """How to read the file.

        Raises:
            InputError: the header's line is no number.
        """
        line = self.fields.get("header_row")
        if line and not (line.isdecimal() and len(line) <= MOST_DIGITS):
            raise InputError(Message("import.line_number", line=line), field="header_row", value=line)
        return ReadOptions(self.fields.get("encoding"), self.fields.get("delimiter"), int(line) if line else None,
                           self.fields.get("sheet"))  # fmt: skip

    @property
    def formats(self) -> StatedFormats:
        """How numbers and dates are written, where the file itself leaves it open."""
        decimal, order = self.fields.get("decimal"), self.fields.get("order")
        return StatedFormats(
            cast("DecimalMark | None", decimal if decimal in (".", ",") else None),
            cast("DateOrder | None", order if order in ("dmy", "mdy") else None),
        )

    @property
    def zone(self) -> str:
        """Time zone of times without an offset.

        Raises:
            InputError: there is no such zone.
        """
        name = self.fields.get("zone", self.zone_by_default)
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError) as error:
            raise InputError(Message("import.zone", zone=name), field="zone", value=name) from error

    @property
    def accepts_rejects(self) -> bool:
        """Whether rows that cannot be used are accepted, however many."""
        return "accept_rejects" in self.fields

    @property
    def replaces_policy(self) -> bool:
        """Whether the file's policy may take the place of the home's."""
        return "replace_policy" in self.fields

    def outcome(self, guess: ColumnGuess) -> str | None:
        """The outcome column."""
        return self.fields.get("outcome") if self.is_stated else guess.outcome

    def statuses(self, table: CsvTable, outcome: str) -> list[Status]:
        """The values of the outcome column, with what is stated or guessed of each."""
        counts = status_counts(table, outcome)[:50]
        # Marks of another column's values mean nothing.
        are_marked = self.is_stated and self.fields.get("statuses_of") == outcome
        positive = self.fields.get("positive") if are_marked else guess_positive(table, outcome)
        return [
            Status(
                value,
                rows,
                value == positive,
                value != positive and (f"open.{at}" in self.fields if are_marked else is_open_word(value)),
            )
            for at, (value, rows) in enumerate(counts)
        ]

    def stated(self, table: CsvTable, columns: list[Column], guess: ColumnGuess) -> StatedColumns:
        """The columns as stated or guessed.

        Raises:
            InputError: nothing says what became of the leads, or which value is the good one.
        """
        outcome = self.outcome(guess)
        if not outcome:
            raise InputError(Message("import.outcome.which"), field="outcome")
        statuses = self.statuses(table, outcome)
        positive = next((status.value for status in statuses if status.is_positive), None)
        if positive is None:
            raise InputError(Message("import.positive.which", column=outcome), field="positive")
        lost = self.fields.get("lost")
        return StatedColumns(
            id=self.fields["id"] if self.is_stated else guess.id,
            outcome=outcome,
            positive=positive,
            open=[status.value for status in statuses if status.is_open],
            lost=[lost] if lost else (),
            time=self.fields.get("time") if self.is_stated else guess.time,
            zone=self.zone,
            exclude=self._marked("leave", columns),
            include=self._marked("use", columns),
        )

    def _marked(self, name: str, columns: list[Column]) -> list[str]:
        return [column.name for at, column in enumerate(columns) if f"{name}.{at}" in self.fields]
