"""What points were given for, as words: «Dafür spricht: Preisseite, 3-mal: +45 Punkte»."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.texts.catalogue import text
from leadwerk.texts.facts import label, labelled
from leadwerk.texts.number_format import number

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy

_MINUS = "\u2212"


def point_reason(policy: Policy, language: str, rule: str, points: float, events: int = 0) -> str:
    """What the rule of this name says for or against a lead: its points in sum, and how often it happened.

    A rule that the policy does not know (any more) is called by its name.
    """
    fact = rule_fact(policy, language, rule, events)
    sentence = text(language, "fact.points", fact=fact, figure=signed(policy, language, points), count=abs(points))
    return text(language, "reason.against" if points < 0 else "reason.for", fact=sentence)


def rule_fact(policy: Policy, language: str, rule: str, events: int = 0) -> str:
    """What the rule of this name found, and how often it happened, without its points."""
    named = rule_label(policy, language, rule)
    return text(language, "fact.points.events", label=named, count=events) if events > 1 else named


def rule_label(policy: Policy, language: str, name: str) -> str:
    """What a rule is called: by its own label, else its signal's or its phase's."""
    rule = next((rule for rule in policy.points.rules if rule.name == name), None)
    if rule is not None and rule.labels:
        return labelled(rule.labels, language)
    if rule is not None and rule.phase is not None:
        return text(language, f"label.phase.{rule.phase}")
    return label(policy, language, rule.signal if rule is not None and rule.signal is not None else name)


def signed(policy: Policy, language: str, points: float) -> str:
    """Points with their sign, and decimals only where there are some.

    >>> from leadwerk.policy import load
    >>> signed(load("b2b_swiss"), "de", 15.0), signed(load("b2b_swiss"), "fr", -7.5)
    ('+15', '−7,50')
    """
    decimals = 0 if float(points).is_integer() else 2
    figure = number(language, abs(points), decimals, currency=policy.currency)
    return f"{_MINUS if points < 0 else '+'}{figure}"
