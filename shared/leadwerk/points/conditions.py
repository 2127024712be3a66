"""Facts of leads at moments, known strictly before each moment, and which leads satisfy a rule's conditions on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.policy.facts import Fact, fact_named
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition
from leadwerk.policy.text_classes import matches
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.coded_column import CodedColumn

VISIT = -1
"""Signal of an occurrence that is no signal: the lead was merely there, which ends its idleness."""


@dataclass(frozen=True)
class Occurrences:
    """m rows: one signal of one lead on one day. Sorted by lead, then day.

    `lead` is the place of the lead among the n of Facts; `signal` its place among the policy's signals, or VISIT;
    `day` the day as the policy counts days; `events` how often; `age_days` whole periods of 24 hours between the last
    time on that day and the moment.
    """

    lead: NDArray[np.int64]
    signal: NDArray[np.int64]
    day: NDArray[np.datetime64]
    events: NDArray[np.int64]
    age_days: NDArray[np.int64]


def nothing_occurred() -> Occurrences:
    """No occurrences, of whatever lead."""
    whole = np.empty(0, dtype=np.int64)
    return Occurrences(whole, whole, np.empty(0, dtype="datetime64[D]"), whole, whole)


Column = Sequence[Any] | NDArray[Any] | CodedColumn
Columns = Mapping[str, Column]
"""Columns of lead_features/select by name, n values each (None or NaN: not known)."""


@dataclass(frozen=True)
class LeadFacts:
    """n leads at their moments.

    `columns`: the columns of lead_features/select by name, n values each (None or NaN: not known); an attribute of the
    policy is `attribute_<name>`. Rules name them as they are, attributes without the prefix.
    """

    size: int
    columns: Columns
    occurrences: Occurrences


class Conditions:
    """The facts of n leads, ready to be asked; a column is read once, however many rules ask for it."""

    def __init__(self, policy: Policy, facts: LeadFacts) -> None:
        self._size = facts.size
        self._columns = facts.columns
        self._policy = policy
        self._numbers: dict[str, Floats] = {}
        self._words: dict[str, tuple[list[Any], NDArray[np.intp]]] = {}

    def hold(self, when: Mapping[str, Condition]) -> Bools:
        """Whether all tests hold, shape (n,); of no test at all, they do."""
        holding = np.ones(self._size, dtype=bool)
        for name, test in when.items():
            holding &= self._holds(name, test)
        return holding

    def is_present(self, name: str) -> Bools:
        """Whether the fact is known, shape (n,)."""
        return self._holds(name, Condition())

    def numbers(self, name: str) -> Floats:
        """A fact as numbers, shape (n,); NaN where it is not known."""
        if name not in self._numbers:
            fact = fact_named(self._policy, name)
            column = None if fact is None else self._columns.get(fact.column)
            self._numbers[name] = np.full(self._size, np.nan) if column is None else _numbers(column)
        return self._numbers[name]

    def _holds(self, name: str, test: Condition) -> Bools:
        fact = fact_named(self._policy, name)
        if fact is None or fact.column not in self._columns:
            return np.zeros(self._size, dtype=bool)
        if fact.kind == "number":
            return _numbers_hold(test, self.numbers(name))
        values, value_index = self._read_words(fact)
        # Texts repeat: the test runs once for each distinct value, not once for each lead.
        verdicts = np.fromiter((_word_holds(test, value) for value in values), dtype=bool, count=len(values))
        return verdicts[value_index]

    def _read_words(self, fact: Fact) -> tuple[list[Any], NDArray[np.intp]]:
        """The distinct values of a column, and for each lead the place of its own among them."""
        column = self._columns[fact.column]
        if isinstance(column, CodedColumn):
            return [*column.levels, None], np.where(column.codes < 0, len(column.levels), column.codes)
        if fact.column not in self._words:
            values = _objects(column)
            distinct = list(set(values))
            place = {value: index for index, value in enumerate(distinct)}
            value_index = np.fromiter(map(place.__getitem__, values), dtype=np.intp, count=self._size)
            self._words[fact.column] = (distinct, value_index)
        return self._words[fact.column]


def _numbers_hold(test: Condition, values: Floats) -> Bools:
    holding: Bools = np.isfinite(values)
    if test.any_of:
        holding &= np.isin(values, _numeric(test.any_of))
    if test.none_of:
        holding &= ~np.isin(values, _numeric(test.none_of))
    if test.above is not None:
        holding &= values > test.above
    if test.below is not None:
        holding &= values < test.below
    if test.at_least is not None:
        holding &= values >= test.at_least
    if test.at_most is not None:
        holding &= values <= test.at_most
    # A pattern is for text; on a number it cannot hold.
    return holding & (test.matches is None)


def _numeric(values: Iterable[Any]) -> list[float]:
    return [value for value in values if not isinstance(value, str)]


def _word_holds(test: Condition, value: Any) -> bool:
    if not isinstance(value, str) and (value is None or value != value):  # NaN and its kin
        return False
    text = str(value)
    # A blank field is unknown, and a numeric test cannot hold for text: neither is an error in a lead.
    if not text.strip() or any(b is not None for b in (test.above, test.below, test.at_least, test.at_most)):
        return False
    if test.any_of and folded(text) not in _folded(test.any_of):
        return False
    if test.none_of and folded(text) in _folded(test.none_of):
        return False
    return test.matches is None or matches(test.matches, text)


def _folded(values: Iterable[Any]) -> set[str]:
    return {folded(str(value)) for value in values}


def _numbers(column: Any) -> Floats:
    if hasattr(column, "to_numpy"):  # a pandas Series, whose nullable types numpy cannot read by itself
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if hasattr(column, "filled"):  # a masked array; to ask for its type would import numpy.ma at every cold start
        return np.asarray(column.astype(np.float64).filled(np.nan))
    return np.asarray(column, dtype=np.float64)


def _objects(column: Any) -> list[Any]:
    if hasattr(column, "to_numpy"):  # turns pandas' NA, which is neither equal nor unequal to itself, into None
        column = column.to_numpy(dtype=object, na_value=None)
    return column.tolist() if isinstance(column, np.ndarray) else list(column)
