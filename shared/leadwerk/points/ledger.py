"""The ledger: a row for each thing that points were given for, and for each cap or weight that took some away again.

Amounts are whole hundredths of a point, so that the rows of a lead add up to its scores exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.points.entry import HUNDREDTHS, KINDS, SCORES, Entry, Kind
from leadwerk.policy.points import PointsModel, Rule

NONE = -1
"""Place of a rule or group in a row that has none."""


@dataclass(frozen=True)
class Ledger:
    """The ledgers of n leads in columns, sorted by lead, then in the order in which points were given.

    `lead`: place among the n. `rule`, `group`: places in the policy's lists, or NONE. `score`, `kind`: places in SCORES
    and KINDS. `day`: NaT but for events.
    """

    model: PointsModel
    lead: NDArray[np.int64]
    rule: NDArray[np.int64]
    group: NDArray[np.int64]
    score: NDArray[np.int8]
    kind: NDArray[np.int8]
    day: NDArray[np.datetime64]
    events: NDArray[np.int64]
    base: NDArray[np.int64]
    factor: NDArray[np.float64]
    hundredths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lead)

    def entries(self, lead: int) -> tuple[Entry, ...]:
        """The ledger of the lead at this place."""
        # Rows are sorted by lead, so one lead's rows are found without a scan of all.
        first, last = np.searchsorted(self.lead, [lead, lead + 1])
        return tuple(self._entry(row) for row in range(first, last))

    def subject(self, row: int) -> str:
        """What a row is about, in a word."""
        rule, kind = int(self.rule[row]), KINDS[self.kind[row]]
        if kind == "event":
            return str(self.day[row])
        if kind == "attribute":
            return ", ".join(self.model.rules[rule].when)
        if rule != NONE:
            return self.model.rules[rule].name
        return self._group(row) or SCORES[self.score[row]]

    def _group(self, row: int) -> str:
        group = int(self.group[row])
        return "" if group == NONE else self.model.groups[group].name

    def _entry(self, row: int) -> Entry:
        rule = int(self.rule[row])
        return Entry(
            rule="" if rule == NONE else self.model.rules[rule].name,
            group=self._group(row),
            score=SCORES[self.score[row]],
            kind=KINDS[self.kind[row]],
            subject=self.subject(row),
            events=int(self.events[row]),
            base=int(self.base[row]),
            factor=float(self.factor[row]),
            points=int(self.hundredths[row]) / HUNDREDTHS,
        )


@dataclass(frozen=True)
class _LedgerPart:
    """Rows of some leads; a value that is one for all of them is no array."""

    lead: NDArray[np.int64]
    values: Mapping[str, Any]


class LedgerRows:
    """Rows of a ledger while it is written, part by part; `collects`: whether anybody will read it."""

    def __init__(self, model: PointsModel, *, collects: bool) -> None:
        self._model = model
        self._collects = collects
        self._parts: list[_LedgerPart] = []

    def write(self, lead: NDArray[np.int64], **values: Any) -> None:
        """Rows for these leads; a value that is one for all rows need not be an array."""
        if self._collects and len(lead):
            self._parts.append(_LedgerPart(lead, values))

    def ledger(self) -> Ledger | None:
        """All entries, sorted by lead; None where no ledger was asked for."""
        if not self._collects:
            return None
        lead = np.concatenate([part.lead for part in self._parts]) if self._parts else np.empty(0, dtype=np.int64)
        # Stable: within a lead the rows stay in the order in which points were given.
        order = np.argsort(lead, kind="stable")
        columns = {name: self._column(name, np.empty(len(lead), kind))[order] for name, kind in _COLUMNS.items()}
        return Ledger(self._model, lead[order], **columns)

    def _column(self, name: str, column: NDArray[Any]) -> NDArray[Any]:
        """`column` filled with the values of all parts, one after another."""
        first = 0
        for part in self._parts:
            # Into a slice NumPy writes an array or one value for all rows; np.broadcast_to takes ten times as long.
            column[first : first + len(part.lead)] = part.values[name]
            first += len(part.lead)
        return column


_COLUMNS = {
    "rule": "int64",
    "group": "int64",
    "score": "int8",
    "kind": "int8",
    "day": "datetime64[D]",
    "events": "int64",
    "base": "int64",
    "factor": "float64",
    "hundredths": "int64",
}


def kind_of(rule: Rule) -> Kind:
    """What a rule's rows are about: events, or attributes."""
    return "attribute" if rule.signal is None and rule.phase is None else "event"
