"""Checks of signals, attributes, calculator and traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leadwerk.policy.facts import RESERVED_NAMES
from leadwerk.policy.model import Attribute, Policy, Signal
from leadwerk.policy.problem import Problem
from leadwerk.policy.validation.errors import empty, missing_labels, named_twice, particular_first
from leadwerk.policy.validation.patterns import wrong_pattern
from leadwerk.policy.yaml_document import Path


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with what people do and are."""
    yield from _names(policy)
    yield from _matchers(policy)
    yield from _unreachable_signals(policy)
    yield from _calculator(policy)
    yield from wrong_pattern(policy.traffic.bot_browsers, ("traffic", "bot_browsers"))
    for section in ("signals", "attributes"):
        for index, item in enumerate(getattr(policy, section)):
            yield from missing_labels(item.labels, policy, (section, index, "labels"))


def _names(policy: Policy) -> Iterator[Problem]:
    yield from _named("signals", policy.signals)
    yield from _named("attributes", policy.attributes)
    signals = {signal.name for signal in policy.signals}
    for index, attribute in enumerate(policy.attributes):
        # Rules name both by their bare names.
        if attribute.name in signals:
            yield Problem.of(("attributes", index, "name"), "policy.signals.also", name=attribute.name)


def _named(section: str, items: Iterable[Signal | Attribute]) -> Iterator[Problem]:
    names = [item.name for item in items]
    yield from named_twice((section,), names)
    for index, name in enumerate(names):
        if name in RESERVED_NAMES:
            yield Problem.of((section, index, "name"), "policy.signals.reserved", name=name)


def _matchers(policy: Policy) -> Iterator[Problem]:
    for index, signal in enumerate(policy.signals):
        yield from _matcher(signal, ("signals", index))


def _matcher(signal: Signal, path: Path) -> Iterator[Problem]:
    sources = [name for name in ("event", "page", "touchpoint") if getattr(signal, name) is not None]
    if not sources:
        yield Problem.of(path, "policy.signals.nothing", signal=signal.name)
    if "touchpoint" in sources and len(sources) > 1:
        yield Problem.of((*path, "touchpoint"), "policy.signals.both", signal=signal.name)
    for name in sources:
        if not getattr(signal, name).strip():
            yield empty((*path, name), "policy.signals.empty.remedy")
    if signal.page:
        yield from wrong_pattern(signal.page, (*path, "page"))


def _unreachable_signals(policy: Policy) -> Iterator[Problem]:
    for index, signal in enumerate(policy.signals):
        # An event is the first signal that fits, so a general one in front takes everything from a particular one
        # behind.
        earlier = next((other for other in policy.signals[:index] if _takes_all_of(other, signal)), None)
        if earlier:
            key, remedy = "policy.signals.unreached", particular_first()
            yield Problem.of(("signals", index), key, signal=signal.name, earlier=earlier.name, remedy=remedy)


def _takes_all_of(earlier: Signal, later: Signal) -> bool:
    """Whether each condition of `earlier` is one of `later` too, so that whatever fits `later` has fitted before."""
    conditions = [
        (condition, other)
        for condition, other in zip(_conditions(earlier), _conditions(later), strict=True)
        if condition
    ]
    return bool(conditions) and all(condition == other for condition, other in conditions)


def _conditions(signal: Signal) -> tuple[str | None, str | None, str | None]:
    return signal.event, signal.page, signal.touchpoint


def _calculator(policy: Policy) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for field in policy.calculator.__struct_fields__:
        parameter, path = getattr(policy.calculator, field), ("calculator", field)
        if not parameter.strip():
            yield empty(path, "policy.calculator.empty.remedy")
        elif parameter in seen:
            yield Problem.of(path, "policy.calculator.twice", parameter=parameter, field=seen[parameter])
        seen.setdefault(parameter, field)
