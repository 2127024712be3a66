"""Checks of the classes into which an attribute sorts a text: a text to sort, and texts for each class."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Attribute, Policy, TextClass
from leadwerk.policy.problem import Problem
from leadwerk.policy.text_classes import OTHER
from leadwerk.policy.validation.errors import missing_labels, named_twice
from leadwerk.policy.validation.patterns import slow_pattern, wrong_pattern
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with classes of attributes."""
    for index, attribute in enumerate(policy.attributes):
        if attribute.classes:
            yield from _attribute(attribute, policy, ("attributes", index))


def _attribute(attribute: Attribute, policy: Policy, path: Path) -> Iterator[Problem]:
    if attribute.kind != "category":
        yield Problem.of((*path, "kind"), "policy.classes.kind")
    if not attribute.source.strip():
        yield Problem.of(path, "policy.classes.source")
    yield from named_twice((*path, "classes"), (text_class.name for text_class in attribute.classes))
    for index, text_class in enumerate(attribute.classes):
        place = (*path, "classes", index)
        yield from _class(text_class, place)
        yield from missing_labels(text_class.labels, policy, (*place, "labels"))
        yield from _never_reached(text_class, attribute.classes[:index], place)


def _class(text_class: TextClass, path: Path) -> Iterator[Problem]:
    if text_class.name == OTHER:
        rename = Message("policy.signals.reserved.remedy")
        yield Problem.of((*path, "name"), "policy.classes.other", name=OTHER, remedy=rename)
    if not text_class.matches.strip():
        yield Problem.of((*path, "matches"), "policy.classes.empty")
        return
    yield from wrong_pattern(text_class.matches, (*path, "matches"))
    yield from slow_pattern(text_class.matches, (*path, "matches"))


def _never_reached(text_class: TextClass, earlier: tuple[TextClass, ...], path: Path) -> Iterator[Problem]:
    first = next((other for other in earlier if other.matches == text_class.matches), None)
    if first is not None:
        yield Problem.of(path, "policy.classes.unreached", name=text_class.name, earlier=first.name)
