"""Lead facts: the inputs of points, as columns, from the states of leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.points.conditions import VISIT, LeadFacts, Occurrences
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import LeadState

DAY = timedelta(days=1)


def facts_of_states(policy: Policy, states: Sequence[LeadState]) -> LeadFacts:
    """The facts of n leads; occurrences of signals that the policy lacks are left out."""
    signal_index = signal_indices(policy)
    flat = [
        (
            lead,
            signal_index[occurrence.signal],
            occurrence.day,
            occurrence.events,
            # Not below zero: an event of the moment's own day may carry a clock that is ahead.
            max(0, (state.as_of - occurrence.last_at) // DAY),
        )
        for lead, state in enumerate(states)
        for occurrence in state.occurrences or ()
        if occurrence.signal in signal_index
    ]
    # Without any occurrence there is nothing to unpack into five columns.
    lead, signal, day, events, age = zip(*flat, strict=True) if flat else ((),) * 5
    return LeadFacts(
        len(states),
        _ColumnsOfStates(states),
        sorted_occurrences(
            np.array(lead, dtype=np.int64),
            np.array(signal, dtype=np.int64),
            np.array(day, dtype="datetime64[D]"),
            np.array(events, dtype=np.int64),
            np.array(age, dtype=np.int64),
        ),
    )


class _ColumnsOfStates(Mapping[str, Sequence[Any]]):
    """Features as columns, built on first use, because rules use few."""

    def __init__(self, states: Sequence[LeadState]) -> None:
        self._rows = [state.features for state in states]
        self._names = dict.fromkeys(name for row in self._rows for name in row)
        self._columns: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._columns:
            if name not in self._names:
                raise KeyError(name)
            self._columns[name] = [row.get(name) for row in self._rows]
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def signal_indices(policy: Policy) -> dict[str | None, int]:
    """Index of each signal of the policy; None (any visit) is VISIT."""
    return {None: VISIT, **{signal.name: index for index, signal in enumerate(policy.signals)}}


def sorted_occurrences(
    lead: NDArray[np.int64],
    signal: NDArray[np.int64],
    day: NDArray[np.datetime64],
    events: NDArray[np.int64],
    age_days: NDArray[np.int64],
) -> Occurrences:
    """The m occurrences by lead, day and signal."""
    # lexsort sorts by its last key first.
    order = np.lexsort((signal, day, lead))
    return Occurrences(lead[order], signal[order], day[order], events[order], age_days[order])
