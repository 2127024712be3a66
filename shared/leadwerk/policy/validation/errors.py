"""Checks that several sections of a policy share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem
from leadwerk.policy.section import Labels
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message


def empty(path: Path, remedy: str) -> Problem:
    """Nothing stands where something should; `remedy` is the key of what to do."""
    return Problem.of(path, "policy.empty", remedy=Message(remedy))


def given_twice(path: Path, values: Iterable[object]) -> Iterator[Problem]:
    """A value that stands in the list at `path` a second time."""
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield Problem.of((*path, index), "policy.twice", value=value, remedy=remove_one())
        seen.add(value)


def named_twice(path: Path, names: Iterable[str], as_compared: Callable[[str], str] = str) -> Iterator[Problem]:
    """A name that two items of the list at `path` have; `as_compared` gives what counts of a name."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if as_compared(name) in seen:
            yield Problem.of((*path, index, "name"), "policy.name_twice", name=name)
        seen.add(as_compared(name))


def missing_labels(labels: Labels, policy: Policy, path: Path, *, required: bool = False) -> Iterator[Problem]:
    """Languages of the policy without a label; where none is required, no label at all is as good as all."""
    missing = [language for language in policy.languages if not labels.get(language, "").strip()]
    if missing and (labels or required):
        yield Problem.of(path, "policy.labels", languages=", ".join(missing))


def remove() -> str:
    """The remedy for what has no place here."""
    return Message("policy.remedy.remove")


def remove_one() -> str:
    """The remedy for what stands twice."""
    return Message("policy.remedy.remove_one")


def particular_first() -> str:
    """The remedy for what is never reached, since something general stands before it."""
    return Message("policy.remedy.particular")
