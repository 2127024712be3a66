"""Checks of the stages of a contact: a way into each, and somebody who stays there."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem, did_you_mean
from leadwerk.policy.selling import Stage
from leadwerk.policy.validation.errors import missing_labels, named_twice
from leadwerk.policy.validation.point_range import PointRange
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message

_CONDITIONS = ("known", "cluster", "grade", "points", "interest", "statuses", "outcomes")
_CLUSTERS = ("HOT", "WARM")


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with stages."""
    yield from named_twice(("stages",), (stage.name for stage in policy.stages))
    for index, stage in enumerate(policy.stages):
        path: Path = ("stages", index)
        yield from missing_labels(stage.labels, policy, (*path, "labels"), required=True)
        yield from _points_out_of_reach(stage, policy, path)
        yield from _unknown_statuses(stage, policy, path)
        yield from _missing_outcomes(stage, policy, path)
        yield from _overtaken(stage, policy.stages[index + 1 :], path)
    yield from _first(policy)


def _first(policy: Policy) -> Iterator[Problem]:
    if policy.stages:
        conditions = [field for field in _CONDITIONS if getattr(policy.stages[0], field) not in (False, None, ())]
        if conditions:
            listed = ", ".join(conditions)
            yield Problem.of(("stages", 0, conditions[0]), "policy.stages.first", conditions=listed)


def _points_out_of_reach(stage: Stage, policy: Policy, path: Path) -> Iterator[Problem]:
    highest = PointRange.of(policy)
    grades = policy.points.grades
    # D starts at no points, so every lead reaches it.
    grade = None if stage.grade in (None, "D") else getattr(grades, stage.grade.lower())
    required = (
        ("points", stage.points, highest.fit + highest.interest),
        ("interest", stage.interest, highest.interest),
        ("grade", grade, highest.fit),
    )
    for field, bound, reach in required:
        if bound is not None and bound > reach:
            yield Problem.of((*path, field), "policy.stages.reach", points=bound, most=f"{reach:g}")


def _unknown_statuses(stage: Stage, policy: Policy, path: Path) -> Iterator[Problem]:
    rules = {folded(rule.status): rule for rule in policy.outcomes}
    for index, status in enumerate(stage.statuses):
        if folded(status) not in rules:
            mapped = [rule.status for rule in policy.outcomes]
            remedy = did_you_mean(status, mapped, Message("policy.stages.status.remedy"))
            yield Problem.of((*path, "statuses", index), "policy.stages.status", status=status, remedy=remedy)
    stage_outcomes = {
        rule.outcome for rule in policy.outcomes if folded(rule.status) in {folded(s) for s in stage.statuses}
    }
    if stage_outcomes and stage.outcomes and not stage_outcomes & set(stage.outcomes):
        meanings, outcomes = ", ".join(sorted(stage_outcomes)), ", ".join(stage.outcomes)
        yield Problem.of((*path, "outcomes"), "policy.stages.meanings", meanings=meanings, outcomes=outcomes)


def _missing_outcomes(stage: Stage, policy: Policy, path: Path) -> Iterator[Problem]:
    produced = {rule.outcome for rule in policy.outcomes}
    key = "policy.stages.outcome" if produced & set(stage.outcomes) else "policy.stages.outcome_in_vain"
    for index, outcome in enumerate(stage.outcomes):
        if outcome not in produced:
            remedy = Message("policy.stages.outcome.remedy")
            yield Problem.of((*path, "outcomes", index), key, outcome=outcome, remedy=remedy)


def _overtaken(stage: Stage, later: tuple[Stage, ...], path: Path) -> Iterator[Problem]:
    taker = next((stage_after for stage_after in later if _takes_all_of(stage_after, stage)), None)
    if taker is not None:
        yield Problem.of(path, "policy.stages.overtaken", stage=stage.name, later=taker.name)


def _takes_all_of(later: Stage, stage: Stage) -> bool:
    """Whether every lead that meets the conditions of `stage` meets those of `later`."""
    return (
        (stage.known or not later.known)
        # HOT is at least WARM: a stage that asks for WARM takes HOT leads, too.
        and (later.cluster is None or stage.cluster in _CLUSTERS[: _CLUSTERS.index(later.cluster) + 1])
        # Letters compare downwards: A is better than B, and smaller.
        and (later.grade is None or (stage.grade is not None and stage.grade <= later.grade))
        and _at_least(stage.points, later.points)
        and _at_least(stage.interest, later.interest)
        and _among(tuple(map(folded, stage.statuses)), tuple(map(folded, later.statuses)))
        and _among(stage.outcomes, later.outcomes)
    )


def _at_least(minimum: int | None, required: int | None) -> bool:
    return required is None or (minimum is not None and minimum >= required)


def _among(values: tuple[str, ...], accepted: tuple[str, ...]) -> bool:
    return not accepted or (bool(values) and set(values) <= set(accepted))
