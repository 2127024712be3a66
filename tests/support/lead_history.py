"""Histories of leads, written as people describe them, and the facts known of them at a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from leadwerk.points.conditions import VISIT, LeadFacts, Occurrences
from leadwerk.policy.facts import facts as known_facts
from leadwerk.policy.model import Policy

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)

Event = tuple[str | None, datetime]
"""A signal's name (None: a mere visit), and when."""


@dataclass
class Lead:
    """What is known of a lead, and what it did, whenever."""

    facts: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def did(self, signal: str | None, days_ago: float = 0.1, times: int = 1) -> Lead:
        """The same lead that also did this so many days before NOON."""
        return Lead(self.facts, self.events + [(signal, NOON - days_ago * DAY)] * times)


def lead(**facts: Any) -> Lead:
    return Lead(facts)


def facts_at(policy: Policy, leads: Sequence[Lead], moment: datetime = NOON) -> LeadFacts:
    """What is known strictly before the moment."""
    catalogue = known_facts(policy)
    names = sorted({name for history in leads for name in history.facts})
    columns = {catalogue[name].column: [history.facts.get(name) for history in leads] for name in names}
    return LeadFacts(len(leads), columns, occurrences(policy, [history.events for history in leads], moment))


def occurrences(policy: Policy, histories: Sequence[Sequence[Event]], moment: datetime) -> Occurrences:
    signal_index = {None: VISIT, **{signal.name: place for place, signal in enumerate(policy.signals)}}
    times: dict[tuple[int, np.datetime64, int], list[datetime]] = defaultdict(list)
    for place, events in enumerate(histories):
        for signal, at in events:
            if at < moment:
                times[place, np.datetime64(at.date()), signal_index[signal]].append(at)
    rows = sorted(times)
    return Occurrences(
        lead=np.array([row[0] for row in rows], dtype=np.int64),
        signal=np.array([row[2] for row in rows], dtype=np.int64),
        day=np.array([row[1] for row in rows], dtype="datetime64[D]"),
        events=np.array([len(times[row]) for row in rows], dtype=np.int64),
        age_days=np.array([(moment - max(times[row])) // DAY for row in rows], dtype=np.int64),
    )
