"""Checks of outcomes, landmarks and what is kept: whether there is anything to learn from."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.catalogue.periods import WINDOWS_DAYS
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem
from leadwerk.policy.validation.errors import empty, given_twice, remove_one
from leadwerk.texts.message import Message


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything that would leave nothing, or nothing true, to learn from."""
    yield from _unreachable_outcomes(policy)
    yield from _positive(policy)
    yield from _landmarks(policy)
    yield from _retention(policy)


def _unreachable_outcomes(policy: Policy) -> Iterator[Problem]:
    seen: set[tuple[str, str | None]] = set()
    for index, rule in enumerate(policy.outcomes):
        status, reason = folded(rule.status), None if rule.reason is None else folded(rule.reason)
        if not status:
            yield empty(("outcomes", index, "status"), "policy.outcomes.empty.remedy")
        if (status, reason) in seen:
            yield Problem.of(("outcomes", index), "policy.outcomes.twice", status=rule.status, remedy=remove_one())
        elif (status, None) in seen:
            yield Problem.of(("outcomes", index), "policy.outcomes.unreached", status=rule.status)
        seen.add((status, reason))


def _positive(policy: Policy) -> Iterator[Problem]:
    produced = {rule.outcome for rule in policy.outcomes}
    if not policy.positive:
        yield Problem.of(("positive",), "policy.positive.none")
    for index, outcome in enumerate(policy.positive):
        path = ("positive", index)
        if outcome in ("open", "lost"):
            remedy = Message("policy.positive.none.remedy")
            yield Problem.of(path, "policy.positive.failure", outcome=outcome, remedy=remedy)
        elif outcome not in produced:
            yield Problem.of(path, "policy.positive.unmapped", outcome=outcome)
    yield from given_twice(("positive",), policy.positive)
    if policy.positive and not produced - {"open", *policy.positive}:
        yield Problem.of(("outcomes",), "policy.outcomes.no_loss")


def _landmarks(policy: Policy) -> Iterator[Problem]:
    days = policy.landmark_days
    if list(days) != sorted(set(days)) or not days:
        yield Problem.of(("landmark_days",), "policy.landmarks.order")
        return
    history, horizon = policy.training.history_days, policy.horizon_days
    left = history - horizon
    if days[-1] >= left:
        place = ("landmark_days", len(days) - 1) if left > 0 else ("training", "history_days")
        yield Problem.of(
            place, "policy.landmarks.immature", landmark=days[-1], history=history, horizon=horizon, left=left
        )


def _retention(policy: Policy) -> Iterator[Problem]:
    needed = policy.training.history_days + max(*WINDOWS_DAYS, policy.points.window_days if policy.points.rules else 0)
    # Without signals leads come from a file, and no activity is looked at.
    if policy.signals and policy.retention.activity < needed:
        days = policy.retention.activity
        yield Problem.of(("retention", "activity"), "policy.retention.short", days=days, needed=needed)
