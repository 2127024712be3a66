"""Checks of the groups of points: names, caps and decay."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Decay, Group
from leadwerk.policy.problem import Problem
from leadwerk.policy.validation.errors import missing_labels, named_twice
from leadwerk.policy.yaml_document import Path

_HALF_LIFE, _IDLE = "{half_life_days: 30}", "{idle_period_days: 30, loss_percent: 20}"


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with groups."""
    groups = policy.points.groups
    yield from named_twice(("points", "groups"), (group.name for group in groups))
    for index, group in enumerate(groups):
        path: Path = ("points", "groups", index)
        yield from missing_labels(group.labels, policy, (*path, "labels"), required=True)
        yield from _level(group, path)
        if group.decay is not None:
            yield from _decay(group.decay, (*path, "decay"))
            yield from _ageless(group, policy, (*path, "decay"))


def _level(group: Group, path: Path) -> Iterator[Problem]:
    if group.level == "account" and group.score == "interest":
        yield Problem.of((*path, "level"), "policy.groups.level")


def _decay(decay: Decay, path: Path) -> Iterator[Problem]:
    idle = (decay.idle_period_days, decay.loss_percent)
    if decay.half_life_days is None and idle == (None, None):
        yield Problem.of(path, "policy.decay.empty", half_life=_HALF_LIFE, idle=_IDLE)
    elif decay.half_life_days is not None and idle != (None, None):
        yield Problem.of(path, "policy.decay.two")
    elif decay.half_life_days is None and None in idle:
        missing = "loss_percent" if decay.loss_percent is None else "idle_period_days"
        yield Problem.of(path, "policy.decay.missing", field=missing, idle=_IDLE)
    elif decay.loss_percent == 0:
        yield Problem.of((*path, "loss_percent"), "policy.decay.nothing")


def _ageless(group: Group, policy: Policy, path: Path) -> Iterator[Problem]:
    if group.decay is None or group.decay.half_life_days is None:
        return
    rules = [rule for rule in policy.points.rules if rule.group == group.name]
    if rules and all(rule.signal is None and rule.phase is None for rule in rules):
        yield Problem.of((*path, "half_life_days"), "policy.decay.ageless")
