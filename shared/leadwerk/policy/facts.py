"""Facts: what a rule may ask of a lead, from the feature catalogue and from the policy's own signals and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadwerk.catalogue.features import FEATURES, GROUPS, Kind, ValueRange, signal_columns
from leadwerk.policy.text_classes import class_names

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute, Policy


class Fact(NamedTuple):
    """Where a fact is found, whether it is a number or a word, and which options it has (empty: any)."""

    column: str
    kind: Kind
    options: tuple[str, ...] = ()


OF_EVERY_LEAD: dict[str, Fact] = {
    column: Fact(column, entry.kind, entry.levels) for entry in FEATURES for column in entry.columns()
}
"""The facts that do not depend on the policy."""

RANGES: dict[str, ValueRange] = {entry.name: entry.value_range for entry in FEATURES if entry.value_range}
"""The numbers between which a fact lies, and what to remember of it."""

# A signal of a feature group's name would be taken for the group. `calculator` is no mistake: a signal of that name and
# the calculator's amounts are worded together.
RESERVED_NAMES = (GROUPS - {"calculator"}) | {"sessions", "page_views"} | frozenset(OF_EVERY_LEAD)
"""Names that no signal or attribute may have."""


def facts(policy: Policy) -> dict[str, Fact]:
    """Everything a rule's `when` may name.

    >>> from leadwerk.policy import load
    >>> known = facts(load("b2b_swiss"))
    >>> known["it_budget"].column, known["it_budget"].kind, known["seniority"].options[-2:]
    ('attribute_it_budget', 'number', ('manager', 'other'))
    """
    by_name = {attribute.name: _of_attribute(attribute) for attribute in policy.attributes}
    numbers = [column for signal in policy.signals for column in signal_columns(signal.name)]
    return by_name | {name: Fact(name, "number") for name in numbers} | OF_EVERY_LEAD


def fact_named(policy: Policy, name: str) -> Fact | None:
    """The fact of this name, without listing all: a lead that is scored alone should not wait for that."""
    # The direct way first: building all facts takes a hundred times as long, and rules ask for each lead.
    attribute = next((item for item in policy.attributes if item.name == name), None)
    if attribute is not None:
        return _of_attribute(attribute)
    if name in OF_EVERY_LEAD:
        return OF_EVERY_LEAD[name]
    is_of_signal = any(name.startswith(item.name) and name in signal_columns(item.name) for item in policy.signals)
    return Fact(name, "number") if is_of_signal else None


def _of_attribute(attribute: Attribute) -> Fact:
    return Fact(f"attribute_{attribute.name}", attribute.kind, class_names(attribute))
