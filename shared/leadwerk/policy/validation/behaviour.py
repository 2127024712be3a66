"""Checks of signals, attributes, calculator and traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leadwerk.policy.facts import RESERVED_NAMES
from leadwerk.policy.model import Attribute, Policy, Signal
from leadwerk.policy.validation.errors import Problem, missing_labels, named_twice
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
            yield ("attributes", index, "name"), f"`{attribute.name}` is also a signal.", "Rename one of the two."


def _named(section: str, items: Iterable[Signal | Attribute]) -> Iterator[Problem]:
    names = [item.name for item in items]
    yield from named_twice((section,), names)
    for index, name in enumerate(names):
        if name in RESERVED_NAMES:
            yield (section, index, "name"), f"the name `{name}` already means a feature.", "Choose another name."


def _matchers(policy: Policy) -> Iterator[Problem]:
    for index, signal in enumerate(policy.signals):
        yield from _matcher(signal, ("signals", index))


def _matcher(signal: Signal, path: Path) -> Iterator[Problem]:
    sources = [name for name in ("event", "page", "touchpoint") if getattr(signal, name) is not None]
    if not sources:
        yield path, f"the signal `{signal.name}` matches nothing.", "Give it an event, a page or a touchpoint."
    if "touchpoint" in sources and len(sources) > 1:
        message = f"the signal `{signal.name}` asks for a touchpoint and for something on the web site at once."
        yield (*path, "touchpoint"), message, "Make two signals of it."
    for name in sources:
        if not getattr(signal, name).strip():
            yield (*path, name), "this is empty.", "Say what to match, or remove the line."
    if signal.page:
        yield from wrong_pattern(signal.page, (*path, "page"))


def _unreachable_signals(policy: Policy) -> Iterator[Problem]:
    for index, signal in enumerate(policy.signals):
        # An event is the first signal that fits, so a general one in front takes everything from a particular one
        # behind.
        earlier = next((other for other in policy.signals[:index] if _takes_all_of(other, signal)), None)
        if earlier:
            message = f"the signal `{signal.name}` is never reached: `{earlier.name}` takes all its events."
            yield ("signals", index), message, "Put the particular before the general, or remove one of the two."


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
            yield path, "this is empty.", "Name the GA4 event parameter, or remove the line."
        elif parameter in seen:
            yield path, f"`{parameter}` is already the {seen[parameter]}.", "Name another GA4 event parameter."
        seen.setdefault(parameter, field)
