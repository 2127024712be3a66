"""Other numbers for a policy's points, in the policy and in its text: rules, the HOT threshold, caps in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, copysign

from msgspec import to_builtins
from msgspec.structs import replace

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Group, PointsModel, Rule
from leadwerk.policy.yaml_document import Path
from leadwerk.policy.yaml_edit import appended, edited

WHOLE = 100
ROUND_CAPS = 5
"""Caps that grow are rounded up to a multiple of this."""

READABLE = (0, 1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1000)
"""Points that people use."""


@dataclass(frozen=True)
class PointsNumbers:
    """`points` by rule and whether they are its `repeat_points`; `bands`: where hot and warm start.

    `rules` are added behind those that the policy has.
    """

    points: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    bands: Mapping[str, int] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


def apply_numbers(policy: Policy, numbers: PointsNumbers) -> Policy:
    """The policy with these numbers, and with caps that leave its rules the room they had.

    Its version is no longer of its content: load the text for that.
    """
    model = policy.points
    rules = (*(_rule(rule, numbers) for rule in model.rules), *numbers.rules)
    groups = tuple(
        group if group.cap is None else replace(group, cap=_room(model, rules, group.cap, {group.name: WHOLE}))
        for group in model.groups
    )
    changed = replace(
        model,
        rules=rules,
        groups=groups,
        fit_cap=_room(model, rules, model.fit_cap, _weights(groups, "fit")),
        interest_cap=_room(model, rules, model.interest_cap, _weights(groups, "interest")),
        bands=replace(model.bands, **numbers.bands),
    )
    return replace(policy, points=changed)


def _weights(groups: Sequence[Group], score: str) -> dict[str, int]:
    """Weight of each group of a score, in per cent, by its name."""
    return {group.name: group.weight for group in groups if group.score == score}


def _rule(rule: Rule, numbers: PointsNumbers) -> Rule:
    points = numbers.points.get((rule.name, False), rule.points)
    repeat_points = (
        rule.repeat_points if rule.repeat_points is None else numbers.points.get((rule.name, True), rule.repeat_points)
    )
    if rule.cap is None or (points, repeat_points) == (rule.points, rule.repeat_points):
        return replace(rule, points=points, repeat_points=repeat_points)
    # A cap keeps its proportion to the rule's points; otherwise new points would vanish under the old cap.
    grown = _highest(points, repeat_points) / max(1, _highest(rule.points, rule.repeat_points))
    cap = max(_rounded_up(rule.cap * grown) if grown else rule.cap, _highest(points, repeat_points))
    return replace(rule, points=points, repeat_points=repeat_points, cap=cap)


def _highest(points: int, repeat_points: int | None) -> int:
    return max(abs(points), abs(repeat_points or 0))


def _room(model: PointsModel, rules: tuple[Rule, ...], cap: int, weights: Mapping[str, int]) -> int:
    """A cap raised by as much as what may be given under it, and above each rule; never lowered.

    `weights`: the groups under the cap, and the share of their points that counts there, in percent.
    """
    before, after = (_most(which, weights) for which in (model.rules, rules))
    # Caps only grow: a smaller sum of rules does not make the policy's own limit wrong.
    grown = cap * after / before if after > before > 0 else cap
    highest = max((rule.points * weights[rule.group] / 100 for rule in rules if rule.group in weights), default=0)
    return cap if max(grown, highest) <= cap else _rounded_up(max(grown, highest))


def _most(rules: tuple[Rule, ...], groups: Mapping[str, int]) -> int:
    return sum(max(0, rule.points, rule.repeat_points or 0) for rule in rules if rule.group in groups)


def _rounded_up(cap: float) -> int:
    return ceil(cap / ROUND_CAPS) * ROUND_CAPS


def text_with_numbers(text: str, policy: Policy, numbers: PointsNumbers) -> str:
    """The policy's text with these numbers and rules: nothing else in it changes, comments and order stay."""
    # Numbers are edited in the text and not written anew: comments and layout of the file's author stay.
    changed = edited(text, _changes(policy, apply_numbers(policy, numbers)))
    added = [_stated(rule) for rule in numbers.rules]
    return appended(changed, ("points", "rules"), added) if added else changed


def _stated(rule: Rule) -> dict[str, object]:
    """The fields of a rule that differ from their defaults: in the file it should read as a person would write it."""
    silent = to_builtins(Rule(name="", group="", points=0))
    tests = {
        # Not by truth: "at most 0" says something.
        name: {key: value for key, value in to_builtins(test).items() if value not in (None, [], ())}
        for name, test in rule.when.items()
    }
    stated = {key: value for key, value in to_builtins(rule).items() if key == "points" or value != silent[key]}
    return {**stated, "when": tests}


def _changes(before: Policy, after: Policy) -> dict[Path, int]:
    """The numbers that differ, by their path in the file."""
    old, new = before.points, after.points
    changes: dict[Path, int] = {}
    for section, fields in (("rules", ("points", "repeat_points", "cap")), ("groups", ("cap",))):
        # New rules stand behind the old ones.
        pairs = zip(getattr(old, section), getattr(new, section), strict=False)
        for index, (was, now) in enumerate(pairs):
            changed = [name for name in fields if getattr(was, name) != getattr(now, name)]
            changes |= {("points", section, index, name): getattr(now, name) for name in changed}
    caps = [name for name in ("fit_cap", "interest_cap") if getattr(old, name) != getattr(new, name)]
    changes |= {("points", name): getattr(new, name) for name in caps}
    bands = [name for name in ("hot", "warm") if getattr(old.bands, name) != getattr(new.bands, name)]
    return changes | {("points", "bands", name): getattr(new.bands, name) for name in bands}


def round_to_readable(points: float) -> int:
    """The nearest number of READABLE, of either sign.

    >>> round_to_readable(13.2), round_to_readable(-44.0), round_to_readable(0.4), round_to_readable(5000.0)
    (15, -40, 0, 1000)
    """
    nearest = min(READABLE, key=lambda number: abs(abs(points) - number))
    return int(copysign(nearest, points)) if nearest else 0
