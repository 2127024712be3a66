"""Checks of outcomes, landmarks and what is kept: whether there is anything to learn from."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.catalogue.periods import WINDOWS_DAYS
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.validation.errors import Problem, given_twice


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
            yield ("outcomes", index, "status"), "this is empty.", "Write the status as the CRM does."
        if (status, reason) in seen:
            yield ("outcomes", index), f"the status {rule.status!r} is mapped twice.", "Remove one of the two."
        elif (status, None) in seen:
            message = f"this rule is never reached: an earlier one takes every {rule.status!r}."
            yield ("outcomes", index), message, "Put the rule with a reason before the one without."
        seen.add((status, reason))


def _positive(policy: Policy) -> Iterator[Problem]:
    produced = {rule.outcome for rule in policy.outcomes}
    if not policy.positive:
        yield ("positive",), "no outcome counts as success.", "Give won, paid_out or both."
    for index, outcome in enumerate(policy.positive):
        path = ("positive", index)
        if outcome in ("open", "lost"):
            yield path, f"`{outcome}` cannot be a success.", "Give won, paid_out or both."
        elif outcome not in produced:
            yield path, f"no outcome rule yields `{outcome}`.", "Add a rule under outcomes whose outcome it is."
    yield from given_twice(("positive",), policy.positive)
    if policy.positive and not produced - {"open", *policy.positive}:
        message = "no status ends a case without success, so nothing could be learned."
        yield ("outcomes",), message, "Map the statuses of lost cases to `lost`."


def _landmarks(policy: Policy) -> Iterator[Problem]:
    days = policy.landmark_days
    if list(days) != sorted(set(days)) or not days:
        yield ("landmark_days",), "landmarks must ascend without repetition.", "Such as [0, 1, 3, 7, 14, 30]."
        return
    limit = policy.training.history_days - policy.horizon_days
    if days[-1] >= limit:
        message = (
            f"a landmark of {days[-1]} days never matures: {policy.training.history_days} days of history less "
            f"{policy.horizon_days} of horizon leave {limit}."
        )
        place = ("landmark_days", len(days) - 1) if limit > 0 else ("training", "history_days")
        yield place, message, "Take a smaller landmark, a shorter horizon or a longer history."


def _retention(policy: Policy) -> Iterator[Problem]:
    needed = policy.training.history_days + max(*WINDOWS_DAYS, policy.points.window_days if policy.points.rules else 0)
    # Without signals leads come from a file, and no activity is looked at.
    if policy.signals and policy.retention.activity < needed:
        message = (
            f"activity expires after {policy.retention.activity} days, but training looks {needed} days back: "
            "older leads would look as if they had done nothing."
        )
        yield ("retention", "activity"), message, f"Keep activity {needed} days, or shorten the history."
