"""States of leads without a warehouse."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

from leadwerk.policy.facts import facts as known_facts
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import LatestScore, LeadState, Occurrence
from leadwerk.scoring.score_leads import LeadScore
from leadwerk.scoring.score_row import score_id
from support.lead_history import NOON, Lead

MOMENT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def lead_state(features: dict[str, Any], **changes: Any) -> LeadState:
    """The state of lead 1 with these features, whose occurrences were not read."""
    return LeadState(**{"lead_id": "1", "as_of": MOMENT, "features": features, **changes})


def state_of_history(policy: Policy, history: Lead, moment: datetime = NOON, **changes: Any) -> LeadState:
    """The state that a lead's history has led to by a moment."""
    catalogue = known_facts(policy)
    features = {catalogue[name].column: value for name, value in history.facts.items()}
    times: dict[tuple[str | None, date], list[datetime]] = defaultdict(list)
    for signal, at in history.events:
        if at < moment:
            times[signal, at.date()].append(at)
    occurrences = tuple(
        Occurrence(signal=signal, day=day, events=len(moments), last_at=max(moments))
        for (signal, day), moments in times.items()
    )
    return lead_state(features, as_of=moment, occurrences=occurrences, **changes)


def scored_before(score: LeadScore, at: datetime = MOMENT, **changes: Any) -> LatestScore:
    """A score as the latest stored one of lead 1."""
    columns = {name: getattr(score, name) for name in LatestScore.__struct_fields__ if hasattr(score, name)}
    return LatestScore(**{"score_id": score_id("1", at, score), "scored_at": at, **columns, **changes})
