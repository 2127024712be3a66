"""What a rule on signals counts: days on which something happened, and what each of them is worth before decay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leadwerk.points.conditions import LeadFacts
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Rule
from leadwerk.stats.arrays import Bools, Ints


@dataclass(frozen=True)
class OccurrenceDays:
    """k rows, one for each lead and day, sorted by both: how often it happened, how long ago, what that is worth."""

    lead: Ints
    day: NDArray[np.datetime64]
    events: Ints
    age_days: Ints

    def where(self, selected: Bools) -> OccurrenceDays:
        """The rows that are kept."""
        return OccurrenceDays(self.lead[selected], self.day[selected], self.events[selected], self.age_days[selected])

    @cached_property
    def first(self) -> Bools:
        """Whether a row is the first of its lead."""
        return _differs_from_previous(self.lead)

    @cached_property
    def newest(self) -> Bools:
        """Whether a row is the last of its lead."""
        return np.append(self.first[1:], True)[: len(self.lead)]


_NOTHING = np.empty(0, dtype=np.int64)
NO_DAYS = OccurrenceDays(_NOTHING, _NOTHING.astype("datetime64[D]"), _NOTHING, _NOTHING)


class OccurrenceIndex:
    """The occurrences within the policy's window; those of a signal are looked up once."""

    def __init__(self, policy: Policy, facts: LeadFacts) -> None:
        self._policy = policy
        occurrences = facts.occurrences
        within = (
            (occurrences.age_days >= 0) & (occurrences.age_days < policy.points.window_days) & (occurrences.events > 0)
        )
        rows = np.flatnonzero(within & (occurrences.signal >= 0))
        lead, day, signal = (
            occurrences.lead[rows],
            occurrences.day[rows].astype("datetime64[D]"),
            occurrences.signal[rows],
        )
        # The query sorts already; checking is cheaper than sorting a million rows again.
        if not _sorted(lead, day):
            order = np.lexsort((day, lead))
            rows, lead, day, signal = rows[order], lead[order], day[order], signal[order]
        self._signal = signal
        # Most leads have few signals: rules on all others cost one look-up in this set.
        self._present = set(np.flatnonzero(np.bincount(signal)).tolist())
        self._rows = OccurrenceDays(lead, day, occurrences.events[rows], occurrences.age_days[rows])

    def of_rule(self, rule: Rule) -> OccurrenceDays:
        """The days that the rule counts."""
        days = self.of_signals(_signals_of(self._policy, rule))
        if rule.repeat == "once":
            return days.where(days.first)
        return days.where(days.newest) if rule.repeat == "newest" else days

    def of_signals(self, signals: list[int]) -> OccurrenceDays:
        """The days with any of these signals (places in the policy's list)."""
        present = [signal for signal in signals if signal in self._present]
        if not present:
            return NO_DAYS
        of_these = self._signal == present[0] if len(present) == 1 else np.isin(self._signal, present)
        return _by_day(self._rows.where(of_these))


def points_before_decay(rule: Rule, days: OccurrenceDays) -> Ints:
    """Points of each row before decay: the first occurrence gives `points`, each further one `repeat_points`."""
    repeat_points = rule.points if rule.repeat_points is None else rule.repeat_points
    # Older rows may lack the count; a day that is listed has at least one event.
    counted = np.maximum(days.events, 1) if rule.repeat == "every_event" else np.ones_like(days.events)
    base: Ints = counted * repeat_points + np.where(days.first, rule.points - repeat_points, 0)
    return base


def _signals_of(policy: Policy, rule: Rule) -> list[int]:
    return [
        place
        for place, signal in enumerate(policy.signals)
        if signal.name == rule.signal or (rule.phase is not None and signal.phase == rule.phase)
    ]


def _by_day(rows: OccurrenceDays) -> OccurrenceDays:
    """Rows of one lead and day as one: events add up, the newest gives the age."""
    starts = np.flatnonzero(_differs_from_previous(rows.lead) | _differs_from_previous(rows.day))
    # Nothing to add up: the usual case for a rule on one signal.
    if len(starts) == len(rows.lead):
        return rows
    events = np.add.reduceat(rows.events, starts)
    return OccurrenceDays(rows.lead[starts], rows.day[starts], events, np.minimum.reduceat(rows.age_days, starts))


def _differs_from_previous(values: NDArray[np.generic]) -> Bools:
    differs = np.ones(len(values), dtype=bool)
    differs[1:] = values[1:] != values[:-1]
    return differs


def _sorted(lead: Ints, day: NDArray[np.datetime64]) -> bool:
    further = lead[1:] > lead[:-1]
    later = (lead[1:] == lead[:-1]) & (day[1:] >= day[:-1])
    return bool((further | later).all())
