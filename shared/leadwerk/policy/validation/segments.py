"""Checks of segments: facts that models learn from, and somebody in each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadwerk.catalogue.features import FEATURES
from leadwerk.policy.facts import Fact, facts
from leadwerk.policy.model import Policy, Segment
from leadwerk.policy.validation.conditions import matches_every_case_of, wrong_tests
from leadwerk.policy.validation.errors import Problem, missing_labels, named_twice
from leadwerk.policy.yaml_document import Path

UNLEARNED: Final = frozenset(entry.name for entry in FEATURES if not entry.is_learned)
"""Facts that rules may ask for and no model learns from."""


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with segments."""
    if not policy.segments:
        return
    learnable = {name: fact for name, fact in facts(policy).items() if name not in UNLEARNED}
    yield from named_twice(("segments",), (segment.name for segment in policy.segments))
    for index, segment in enumerate(policy.segments):
        path: Path = ("segments", index)
        yield from missing_labels(segment.labels, policy, (*path, "labels"), required=True)
        yield from _conditions(segment, learnable, path)
        yield from _never_reached(segment, policy.segments[:index], path)


def _conditions(segment: Segment, learnable: dict[str, Fact], path: Path) -> Iterator[Problem]:
    if not segment.when:
        message = "the segment has no condition, so it is everybody."
        yield (*path, "when"), message, "Give its conditions; the general model serves all other leads."
    for name in sorted(UNLEARNED.intersection(segment.when)):
        message = f"no model learns from `{name}`, so none can be for leads that have it."
        remedy = "Ask for another fact, such as an attribute that sorts it into classes."
        yield (*path, "when", name), message, remedy
    conditions = {name: test for name, test in segment.when.items() if name not in UNLEARNED}
    yield from wrong_tests(conditions, learnable, path, "so no lead is in the segment", "the segment")


def _never_reached(segment: Segment, earlier: tuple[Segment, ...], path: Path) -> Iterator[Problem]:
    first = next(
        (
            segment_before
            for segment_before in earlier
            if segment_before.when and matches_every_case_of(segment_before.when, segment.when)
        ),
        None,
    )
    if first is not None:
        message = f"no lead is in `{segment.name}`: `{first.name}` comes earlier and takes all its leads."
        yield path, message, "Put the particular before the general, or remove one of the two."
