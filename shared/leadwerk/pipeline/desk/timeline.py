"""The history of a lead: its scores with the thresholds and decisions of then, stages, deliveries, picks, statuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from leadwerk.catalogue.languages import Language
from leadwerk.catalogue.periods import TIMELINE_DAYS
from leadwerk.pipeline.desk.ledger_at import unknown_lead
from leadwerk.pipeline.desk.picks import Picks, read_lead_account
from leadwerk.pipeline.desk.timeline_events import EventWording, PastEvent, describe_score, read_events
from leadwerk.pipeline.leads.score_history import PastScore, read_past_scores, shown_scores

KINDS: Final = ("same_person", "status", "override", "score", "stage", "delivery", "pick")
"""Kinds of events; of several at one moment, causes come before effects."""


class TimelineEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to the lead, in words; `detail` has its figures and names."""

    at: datetime
    kind: str
    text: str
    detail: dict[str, Any]


class History(Struct, frozen=True, kw_only=True):
    """Everything stored of a lead, the oldest first; moments are UTC."""

    lead_id: str
    account_id: str | None
    as_of: datetime
    held_by: str | None
    held_until: datetime | None
    scores: tuple[PastScore, ...]
    timeline: tuple[TimelineEvent, ...]


def history(
    picks: Picks, lead_id: str, *, now: datetime, days: int = TIMELINE_DAYS, output_language: Language | None = None
) -> History:
    """What was stored of a lead in the `days` before `now` (aware, UTC), in `output_language` or the policy's language.

    Raises:
        UnknownLead: there is no such lead.
    """
    warehouse, policy, first_day = picks.warehouse, picks.policy, (now - timedelta(days=days)).date()
    # Before the unit of work: the pick's object may record steps, which needs the writing connection.
    holder = picks.holder(lead_id, now)
    with warehouse.unit_of_work():
        lead = read_lead_account(warehouse, lead_id, now)
        if lead is None:
            raise unknown_lead(lead_id, now)
        scores = shown_scores(read_past_scores(warehouse, lead_id, first_day=first_day, as_of=now))
        events = read_events(warehouse, {"lead_id": lead_id, "first_day": first_day, "as_of": now})
    return History(
        lead_id=lead_id,
        account_id=lead.account_id,
        as_of=now,
        held_by=holder.seller if holder else None,
        held_until=holder.expires_at if holder else None,
        scores=tuple(scores),
        timeline=_timeline(EventWording(policy, output_language or policy.languages[0]), scores, events),
    )


def _timeline(
    wording: EventWording, scores: Sequence[PastScore], events: Sequence[PastEvent]
) -> tuple[TimelineEvent, ...]:
    timeline = [
        TimelineEvent(at=event.happened_at, kind=event.event_kind, text=event.describe(wording), detail=event.detail())
        for event in events
    ]
    timeline += [_score_event(wording, score) for score in scores]
    return tuple(sorted(timeline, key=lambda event: (event.at, KINDS.index(event.kind))))


def _score_event(wording: EventWording, score: PastScore) -> TimelineEvent:
    # The score's figures stand among the history's scores.
    detail = {"score_id": score.score_id}
    return TimelineEvent(at=score.scored_at, kind="score", text=describe_score(wording, score), detail=detail)
