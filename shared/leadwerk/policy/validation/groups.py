"""Checks of the groups of points: names, caps and decay."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Decay, Group
from leadwerk.policy.validation.errors import Problem, missing_labels, named_twice
from leadwerk.policy.yaml_document import Path


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
        message = "the match with the ideal customer is made of fit, not of interest."
        yield (*path, "level"), message, "Let the score be fit, or remove the level."


def _decay(decay: Decay, path: Path) -> Iterator[Problem]:
    idle = (decay.idle_period_days, decay.loss_percent)
    if decay.half_life_days is None and idle == (None, None):
        message = "the decay says neither after how many days nor how much."
        yield path, message, "Write {half_life_days: 30}, or {idle_period_days: 30, loss_percent: 20}, or remove it."
    elif decay.half_life_days is not None and idle != (None, None):
        yield path, "there are two kinds of decay.", "Keep half_life_days, or idle_period_days with loss_percent."
    elif decay.half_life_days is None and None in idle:
        missing = "loss_percent" if decay.loss_percent is None else "idle_period_days"
        yield (
            path,
            f"`{missing}` is missing.",
            "Write {idle_period_days: 30, loss_percent: 20}: 20 % less after every 30 days.",
        )
    elif decay.loss_percent == 0:
        yield (*path, "loss_percent"), "nothing is lost.", "Say how many per cent are lost, or remove the decay."


def _ageless(group: Group, policy: Policy, path: Path) -> Iterator[Problem]:
    if group.decay is None or group.decay.half_life_days is None:
        return
    rules = [rule for rule in policy.points.rules if rule.group == group.name]
    if rules and all(rule.signal is None and rule.phase is None for rule in rules):
        message = "no rule of this group is about a signal, so nothing in it has an age."
        yield (*path, "half_life_days"), message, "Use idle_period_days with loss_percent, or remove the decay."
