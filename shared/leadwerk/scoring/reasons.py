"""Reasons for and against a lead in its language: of the model's score, or of the points where they decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.points.entry import Entry
from leadwerk.points.reasons import RulePoints, by_rule, top_reasons as top_rules
from leadwerk.policy.model import Policy
from leadwerk.texts import fact
from leadwerk.texts.points import point_reason, rule_fact
from leadwerk.texts.reasons import Direction, reason

if TYPE_CHECKING:
    from leadwerk.scoring.contributions import Contribution

MOST = 3
"""Reasons shown for, and as many against: more than a person reads before a call."""

SMALLEST = 0.1
"""Log-odds; what moves the odds by less than a tenth is no reason, whatever its rank: sellers took it for one."""


class Reason(Struct, frozen=True):
    """A feature group, its exact contribution to the calibrated log-odds, and what a seller reads of it.

    `facts`: the fact alone, JSON by language: who reads the desk need not speak the lead's language.
    """

    feature: str
    contribution: float
    text: str
    facts: str = ""


def top_reasons(
    contributions: Sequence[Contribution], features: Mapping[str, Any], policy: Policy, language: Language
) -> tuple[Reason, ...]:
    """At most three reasons for and three against, the strongest first; `contributions` come in the order of size."""
    speaking_for = [contribution for contribution in contributions if contribution.log_odds >= SMALLEST][:MOST]
    against = [contribution for contribution in contributions if contribution.log_odds <= -SMALLEST][:MOST]
    # In the order of size again, for and against mixed: the first reason is the strongest of all.
    chosen = [contribution for contribution in contributions if contribution in speaking_for or contribution in against]
    return tuple(
        Reason(
            contribution.group,
            contribution.log_odds,
            _text(contribution, features, policy, language),
            _by_language(partial(fact, policy, group=contribution.group, features=features)),
        )
        for contribution in chosen
    )


def _text(contribution: Contribution, features: Mapping[str, Any], policy: Policy, language: Language) -> str:
    direction: Direction = "for" if contribution.log_odds > 0 else "against"
    return reason(policy, language, contribution.group, direction, features)


def rule_reasons(ledger: Sequence[Entry], policy: Policy, language: Language) -> tuple[Reason, ...]:
    """The rules that disqualified the lead, then at most three rules for and three against."""
    decisive = {rule.name for rule in policy.points.rules if rule.disqualifies}
    first = [(fired, point_reason(policy, language, *fired)) for fired in _fired(policy, decisive, ledger)]
    further = [(fired, text) for fired, text in top_rules(policy, language, ledger) if fired.rule not in decisive]
    return tuple(
        Reason(
            fired.rule,
            fired.points,
            text,
            _by_language(partial(rule_fact, policy, rule=fired.rule, events=fired.events)),
        )
        for fired, text in (*first, *further)
    )


def _by_language(fact_in: Callable[[str], str]) -> str:
    return msgspec.json.encode({language: fact_in(language) for language in LANGUAGES}).decode()


def _fired(policy: Policy, rules: set[str], ledger: Sequence[Entry]) -> list[RulePoints]:
    """Those of `rules` that are in the ledger, also where they count nothing."""
    # A rule that disqualifies often gives no points: it is the reason all the same.
    counted = {rule_points.rule: rule_points for rule_points in by_rule(policy, ledger)}
    events = Counter[str]()
    for entry in ledger:
        if entry.rule in rules:
            events[entry.rule] += entry.events
    return [counted.get(rule, RulePoints(rule, 0.0, count)) for rule, count in events.items()]
