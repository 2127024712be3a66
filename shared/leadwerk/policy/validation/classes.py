"""Checks of the classes into which an attribute sorts a text: a text to sort, and texts for each class."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Attribute, Policy, TextClass
from leadwerk.policy.text_classes import OTHER
from leadwerk.policy.validation.errors import Problem, missing_labels, named_twice
from leadwerk.policy.validation.patterns import slow_pattern, wrong_pattern
from leadwerk.policy.yaml_document import Path


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with classes of attributes."""
    for index, attribute in enumerate(policy.attributes):
        if attribute.classes:
            yield from _attribute(attribute, policy, ("attributes", index))


def _attribute(attribute: Attribute, policy: Policy, path: Path) -> Iterator[Problem]:
    if attribute.kind != "category":
        yield (*path, "kind"), "only words have classes, and this is a number.", "Write kind: category, or no classes."
    if not attribute.source.strip():
        message = "it is not said which text is sorted into the classes."
        yield path, message, "Name the field of your form or CRM, such as source: job_title."
    yield from named_twice((*path, "classes"), (text_class.name for text_class in attribute.classes))
    for index, text_class in enumerate(attribute.classes):
        place = (*path, "classes", index)
        yield from _class(text_class, place)
        yield from missing_labels(text_class.labels, policy, (*place, "labels"))
        yield from _never_reached(text_class, attribute.classes[:index], place)


def _class(text_class: TextClass, path: Path) -> Iterator[Problem]:
    if text_class.name == OTHER:
        yield (*path, "name"), f"`{OTHER}` is the class of texts that fit no pattern.", "Choose another name."
    if not text_class.matches.strip():
        yield (*path, "matches"), "this is empty, so every text is in this class.", "Write a pattern."
        return
    yield from wrong_pattern(text_class.matches, (*path, "matches"))
    yield from slow_pattern(text_class.matches, (*path, "matches"))


def _never_reached(text_class: TextClass, earlier: tuple[TextClass, ...], path: Path) -> Iterator[Problem]:
    first = next((other for other in earlier if other.matches == text_class.matches), None)
    if first is not None:
        message = f"no text is in `{text_class.name}`: `{first.name}` stands before it and has the same pattern."
        yield path, message, "Correct one of the two patterns, or remove one of the classes."
