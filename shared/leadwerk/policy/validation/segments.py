"""Checks of segments: facts that models learn from, and somebody in each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadwerk.catalogue.features import FEATURES
from leadwerk.policy.facts import Fact, facts
from leadwerk.policy.model import Policy, Segment
from leadwerk.policy.problem import Problem
from leadwerk.policy.validation.conditions import matches_every_case_of, wrong_tests
from leadwerk.policy.validation.errors import missing_labels, named_twice, particular_first
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
        yield Problem.of((*path, "when"), "policy.segments.everybody")
    for name in sorted(UNLEARNED.intersection(segment.when)):
        yield Problem.of((*path, "when", name), "policy.segments.unlearned", name=name)
    conditions = {name: test for name, test in segment.when.items() if name not in UNLEARNED}
    yield from wrong_tests(conditions, learnable, path, "segment")


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
        key, remedy = "policy.segments.unreached", particular_first()
        yield Problem.of(path, key, segment=segment.name, earlier=first.name, remedy=remedy)
