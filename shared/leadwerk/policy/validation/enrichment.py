"""Checks of enrichment: facts that exist, answers that can be recognised, a budget that can be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadwerk.policy.enrichment import LEAD_COLUMNS, EnrichedFact
from leadwerk.policy.model import Attribute, Policy
from leadwerk.policy.problem import Problem, did_you_mean
from leadwerk.policy.text_classes import class_names
from leadwerk.policy.validation.errors import given_twice, remove
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message

LANGUAGE_MODELS = ("gemini", "openai")


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with enrichment."""
    enrichment, path = policy.enrichment, ("enrichment",)
    attributes = {attribute.name: attribute for attribute in policy.attributes}
    yield from _providers(policy, (*path, "providers"))
    yield from given_twice((*path, "facts"), (fact.fills for fact in enrichment.facts))
    for index, fact in enumerate(enrichment.facts):
        place: Path = (*path, "facts", index)
        yield from _fills(fact, attributes, place)
        yield from _answers(fact, attributes.get(fact.fills), place)
    if enrichment.providers and not enrichment.facts:
        yield Problem.of((*path, "providers"), "policy.enrichment.no_facts")
    for field, name in (("company_name", enrichment.company_name), ("company_uid", enrichment.company_uid)):
        if name is not None:
            yield from _text_attribute(name, attributes, (*path, field))


def _providers(policy: Policy, path: Path) -> Iterator[Problem]:
    enrichment = policy.enrichment
    yield from given_twice(path, (provider.name for provider in enrichment.providers))
    for index, provider in enumerate(enrichment.providers):
        if provider.name not in LANGUAGE_MODELS:
            continue
        if not provider.model:
            yield Problem.of((*path, index), "policy.enrichment.model", provider=provider.name)
        if enrichment.daily_cost is not None and not (provider.input_price and provider.output_price):
            yield Problem.of((*path, index), "policy.enrichment.prices")


def _text_attribute(name: str, attributes: Mapping[str, Attribute], path: Path) -> Iterator[Problem]:
    attribute = attributes.get(name)
    if attribute is None or attribute.kind != "category":
        remedy = did_you_mean(name, attributes, Message("policy.enrichment.no_text.remedy"))
        yield Problem.of(path, "policy.enrichment.no_text", attribute=name, remedy=remedy)
    elif attribute.classes:
        yield Problem.of(path, "policy.enrichment.only_class", attribute=name)


def _fills(fact: EnrichedFact, attributes: Mapping[str, Attribute], path: Path) -> Iterator[Problem]:
    if fact.fills in LEAD_COLUMNS:
        if fact.question != fact.fills:
            yield Problem.of((*path, "asks"), "policy.enrichment.asks_itself", fact=fact.fills, remedy=remove())
        return
    attribute = attributes.get(fact.fills)
    if attribute is None:
        remedy = did_you_mean(fact.fills, [*LEAD_COLUMNS, *attributes], Message("policy.enrichment.no_text.remedy"))
        yield Problem.of((*path, "fills"), "policy.enrichment.no_attribute", attribute=fact.fills, remedy=remedy)
    elif fact.asks is None:
        yield Problem.of(path, "policy.enrichment.no_question", fact=fact.fills)
    elif fact.is_number and attribute.kind != "number":
        yield Problem.of((*path, "asks"), "policy.enrichment.is_number", question=fact.asks, attribute=fact.fills)
    elif not fact.is_number and attribute.kind == "number":
        yield Problem.of((*path, "asks"), "policy.enrichment.is_text", question=fact.asks, attribute=fact.fills)


def _answers(fact: EnrichedFact, attribute: Attribute | None, path: Path) -> Iterator[Problem]:
    yield from given_twice((*path, "values"), (value.casefold() for value in fact.values))
    if fact.is_number:
        yield from _number(fact, path)
        return
    if fact.low is not None or fact.high is not None:
        yield Problem.of(path, "policy.enrichment.no_range", remedy=remove())
    if fact.question == "industry" and not fact.values:
        yield Problem.of(path, "policy.enrichment.no_values")
    classes = class_names(attribute) if attribute is not None else ()
    for index, value in enumerate(fact.values):
        if classes and value not in classes:
            listed = ", ".join(classes)
            remedy = did_you_mean(value, classes, Message("policy.remedy.choose", choices=listed))
            yield Problem.of((*path, "values", index), "policy.enrichment.no_class", value=value, remedy=remedy)


def _number(fact: EnrichedFact, path: Path) -> Iterator[Problem]:
    if fact.values:
        yield Problem.of((*path, "values"), "policy.enrichment.number_values")
    low, high = fact.value_range
    if low > high:
        yield Problem.of(path, "policy.enrichment.empty_range", low=f"{low:g}", high=f"{high:g}")
