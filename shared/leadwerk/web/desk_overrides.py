"""Overrides in the desk API: set, release and list them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from leadwerk.errors import LeadwerkError
from leadwerk.pipeline import score, wiring
from leadwerk.pipeline.desk import overrides as words
from leadwerk.pipeline.desk.call_list import Text
from leadwerk.pipeline.desk.override_list import ActiveOverride, ScoredOverride, override_list
from leadwerk.pipeline.desk.overrides import LONGEST_REASON, OverrideRecord, OverrideRequest
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.pipeline.serving.runtime_cache import Runtime, current_runtime
from leadwerk.policy.people import Role
from leadwerk.web import Request
from leadwerk.web.routes import Route

DECIDERS: tuple[Role, ...] = ("seller", "manager")
Reason = Annotated[str, Meta(min_length=1, max_length=LONGEST_REASON)]


class OverrideBody(Request, frozen=True):
    """Body of an override: for `days` after today, or through the day `until`; without either, for 30 days."""

    cluster: Text
    reason: Reason
    by: Text | None = None
    days: int | None = None
    until: date | None = None


class ReleaseBody(Request, frozen=True):
    """Body of a release: its author, and optionally the reason."""

    by: Text | None = None
    reason: Reason | None = None


class OverridesQuery(Request, frozen=True):
    """Query of the override list; it has no filters."""


class OverrideAnswer(Struct, frozen=True, kw_only=True):
    """The active override (None: none), the seller who holds the lead, and the lead's new score.

    The override is stored even if the scoring fails: `problem` then gives the cause, and the next scoring catches up.
    """

    lead_id: str
    override: OverrideRecord | None
    held_by: str | None
    score: ScoredOverride | None
    problem: str | None


class OverrideListAnswer(Struct, frozen=True, kw_only=True):
    """All overrides active at `as_of`, the earliest end first."""

    as_of: datetime
    overrides: tuple[ActiveOverride, ...]


def _override(body: OverrideBody, now: datetime, lead_id: str) -> OverrideAnswer:
    """Set the cluster of a lead, with reason and end."""
    runtime = current_runtime()
    request = OverrideRequest(
        cluster=body.cluster, by=body.by or "", reason=body.reason, days=body.days, until=body.until
    )
    record = words.override(runtime.warehouse, runtime.policy, lead_id, request, now)
    return _answered(runtime, lead_id, record, now)


def _release(body: ReleaseBody, now: datetime, lead_id: str) -> OverrideAnswer:
    """End the override of a lead."""
    runtime = current_runtime()
    words.release(runtime.warehouse, runtime.policy, lead_id, by=body.by or "", reason=body.reason or "", now=now)
    return _answered(runtime, lead_id, None, now)


def _overrides(_: OverridesQuery, now: datetime) -> OverrideListAnswer:
    """List the active overrides, each beside the score without it."""
    runtime = current_runtime()
    active = override_list(runtime.warehouse, runtime.policy, runtime.champions.scorer(), now)
    return OverrideListAnswer(as_of=now, overrides=tuple(active))


def _answered(runtime: Runtime, lead_id: str, record: OverrideRecord | None, now: datetime) -> OverrideAnswer:
    holder = wiring.picks(runtime.settings, runtime.policy).holder(lead_id, now)
    decided, problem = score_at_once(runtime, lead_id, now)
    held_by = holder.seller if holder else None
    return OverrideAnswer(lead_id=lead_id, override=record, held_by=held_by, score=decided, problem=problem)


def score_at_once(runtime: Runtime, lead_id: str, now: datetime) -> tuple[ScoredOverride | None, str | None]:
    """The lead's new score after an override, so that lists, history and CRM need not wait a night; or the problem."""
    try:
        requests, scorer = [ScoreRequest(lead_id=lead_id)], runtime.champions.scorer()
        run = score.ScoringRun(runtime.warehouse, runtime.policy, scorer, now=now, stored_at=datetime.now(UTC))
        report = score.run(run, requests)
    # The override is recorded: the answer states the problem instead of losing the decision.
    except LeadwerkError as error:
        return None, str(error)
    problem = report.refusals[0].error.message if report.refusals else None
    return (ScoredOverride.of(report.scores[0]) if report.scores else None), problem


ROUTES: tuple[Route, ...] = (
    Route("POST", "/leads/{lead_id}/override", OverrideBody, _override, DECIDERS, "by"),
    Route("POST", "/leads/{lead_id}/override-release", ReleaseBody, _release, DECIDERS, "by"),
    Route("GET", "/overrides", OverridesQuery, _overrides, ("manager", "operator")),
)
"""Routes of this module, part of web.desk.api."""
