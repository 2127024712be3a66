"""Checks of the rules that give points: what they name, what they give, and whether they can ever fire."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Group, Rule
from leadwerk.policy.validation.conditions import matches_every_case_of, wrong_conditions
from leadwerk.policy.validation.errors import Problem, did_you_mean, missing_labels, named_twice
from leadwerk.policy.yaml_document import Path


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
        remedy = did_you_mean(rule.group, groups, "Add it under points.groups.")
        yield (*path, "group"), f"there is no group `{rule.group}`.", remedy
    if rule.signal is not None and rule.signal not in signals:
        remedy = did_you_mean(rule.signal, signals, "Add it under signals.")
        yield (*path, "signal"), f"there is no signal `{rule.signal}`.", remedy
    if rule.phase is not None and rule.phase not in {signal.phase for signal in policy.signals}:
        message = f"no signal belongs to the phase `{rule.phase}`, so this rule never fires."
        yield (*path, "phase"), message, f"Give the signals that belong to it `phase: {rule.phase}`."
    if rule.signal is not None and rule.phase is not None:
        yield (*path, "phase"), "the rule asks for a signal and for a phase at once.", "Make two rules of it."


def _amounts(rule: Rule, path: Path) -> Iterator[Problem]:
    repeat_points = rule.points if rule.repeat_points is None else rule.repeat_points
    about_events = rule.signal is not None or rule.phase is not None
    if not about_events:
        if not rule.when:
            yield path, "the rule has no condition.", "Give it `when`, `signal` or `phase`."
        for field in ("repeat_points", "repeat"):
            if getattr(rule, field) not in (None, "every_day"):
                message = "a rule with no signal cannot repeat."
                yield (*path, field), message, "Remove it, or give the rule a signal."
    elif rule.repeat_points is not None and rule.repeat in ("once", "newest"):
        message = f"`repeat_points` are never given: with `repeat: {rule.repeat}` one occurrence counts."
        yield (*path, "repeat_points"), message, "Remove it, or repeat every_day or every_event."
    if rule.cap is not None and rule.cap < max(abs(rule.points), abs(repeat_points)):
        message = (
            f"the cap of {rule.cap} is below what one occurrence gives ({max(rule.points, repeat_points, key=abs)})."
        )
        yield (*path, "cap"), message, "Raise the cap, or give fewer points."


def _caps(rule: Rule, group: Group, policy: Policy, path: Path) -> Iterator[Problem]:
    model = policy.points
    field = "fit_cap" if group.score == "fit" else "interest_cap"
    if group.cap is not None and rule.points > group.cap:
        message = f"the rule gives {rule.points}, but its group `{group.name}` is capped at {group.cap}."
        yield (*path, "points"), message, "Raise the group's cap, or give fewer points."
    elif rule.points * group.weight / 100 > getattr(model, field):
        message = f"the rule gives {rule.points}, but {field} is {getattr(model, field)}."
        yield (*path, "points"), message, f"Raise points.{field}, or give fewer points."


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
        what = "the disqualification" if rule.disqualifies else "the rule"
        message = f"{what} `{rule.name}` never fires: `{first.name}` stands before it and takes all its leads."
        yield path, message, f"The group `{group.name}` replaces, so put the particular before the general."


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
