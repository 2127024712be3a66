"""Checks of the rules that give points: what they name, what they give, and whether they can ever fire."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Group, Rule
from leadwerk.policy.problem import Problem, did_you_mean
from leadwerk.policy.validation.conditions import matches_every_case_of, wrong_conditions
from leadwerk.policy.validation.errors import missing_labels, named_twice
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with rules."""
    rules = policy.points.rules
    yield from named_twice(("points", "rules"), (rule.name for rule in rules))
    for index, rule in enumerate(rules):
        path: Path = ("points", "rules", index)
        yield from _names(rule, policy, path)
        yield from _amounts(rule, path)
        yield from _labels(rule, policy, path)
        yield from wrong_conditions(rule, policy, path)
        group = next((group for group in policy.points.groups if group.name == rule.group), None)
        if group is not None:
            yield from _caps(rule, group, policy, path)
            yield from _never_reached(rule, group, rules[:index], path)


def _names(rule: Rule, policy: Policy, path: Path) -> Iterator[Problem]:
    groups = [group.name for group in policy.points.groups]
    signals = [signal.name for signal in policy.signals]
    if rule.group not in groups:
        remedy = did_you_mean(rule.group, groups, Message("policy.rules.group.remedy"))
        yield Problem.of((*path, "group"), "policy.rules.group", group=rule.group, remedy=remedy)
    if rule.signal is not None and rule.signal not in signals:
        remedy = did_you_mean(rule.signal, signals, Message("policy.rules.signal.remedy"))
        yield Problem.of((*path, "signal"), "policy.rules.signal", signal=rule.signal, remedy=remedy)
    if rule.phase is not None and rule.phase not in {signal.phase for signal in policy.signals}:
        yield Problem.of((*path, "phase"), "policy.rules.phase", phase=rule.phase)
    if rule.signal is not None and rule.phase is not None:
        yield Problem.of((*path, "phase"), "policy.rules.both")


def _amounts(rule: Rule, path: Path) -> Iterator[Problem]:
    repeat_points = rule.points if rule.repeat_points is None else rule.repeat_points
    about_events = rule.signal is not None or rule.phase is not None
    if not about_events:
        if not rule.when:
            yield Problem.of(path, "policy.rules.no_condition")
        for field in ("repeat_points", "repeat"):
            if getattr(rule, field) not in (None, "every_day"):
                yield Problem.of((*path, field), "policy.rules.repeat")
    elif rule.repeat_points is not None and rule.repeat in ("once", "newest"):
        yield Problem.of((*path, "repeat_points"), "policy.rules.repeat_points", repeat=rule.repeat)
    if rule.cap is not None and rule.cap < max(abs(rule.points), abs(repeat_points)):
        largest, remedy = max(rule.points, repeat_points, key=abs), Message("policy.remedy.lower")
        yield Problem.of((*path, "cap"), "policy.rules.cap", cap=rule.cap, points=largest, remedy=remedy)


def _caps(rule: Rule, group: Group, policy: Policy, path: Path) -> Iterator[Problem]:
    model = policy.points
    field = "fit_cap" if group.score == "fit" else "interest_cap"
    if group.cap is not None and rule.points > group.cap:
        points, cap = rule.points, group.cap
        yield Problem.of((*path, "points"), "policy.rules.group_cap", points=points, group=group.name, cap=cap)
    elif rule.points * group.weight / 100 > (cap := getattr(model, field)):
        yield Problem.of((*path, "points"), "policy.rules.half_cap", points=rule.points, field=field, cap=cap)


def _never_reached(rule: Rule, group: Group, earlier: tuple[Rule, ...], path: Path) -> Iterator[Problem]:
    if not group.first_match_only:
        return
    first = next(
        (
            rule_before
            for rule_before in earlier
            if rule_before.group == rule.group and _takes_all_of(rule_before, rule)
        ),
        None,
    )
    if first is not None:
        key = "policy.rules.unreached_disqualification" if rule.disqualifies else "policy.rules.unreached"
        remedy = Message("policy.rules.unreached.remedy", group=group.name)
        yield Problem.of(path, key, rule=rule.name, earlier=first.name, remedy=remedy)


def _takes_all_of(earlier: Rule, later: Rule) -> bool:
    about_events = earlier.signal is not None or earlier.phase is not None
    if about_events and (earlier.signal, earlier.phase) != (later.signal, later.phase):
        return False
    return matches_every_case_of(earlier.when, later.when)


def _labels(rule: Rule, policy: Policy, path: Path) -> Iterator[Problem]:
    """A rule on a signal is called by its signal's labels, one on a phase by the phase's name, if it has none."""
    # A signal that is not there is a mistake by itself.
    of_signal = next((signal.labels for signal in policy.signals if signal.name == rule.signal), True)
    named_otherwise = rule.phase is not None or (rule.signal is not None and bool(of_signal))
    yield from missing_labels(rule.labels, policy, (*path, "labels"), required=not named_otherwise)
