"""The strongest reasons for and against a lead, in the language of the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language
from leadwerk.scoring.attribution import Contribution
from leadwerk.texts.reasons import Direction, reason

MOST = 3
"""Reasons shown for, and as many against: more than a person reads before a call."""

SMALLEST = 0.02
"""Log-odds; what moves the odds by less than 2 % is no reason, whatever its rank."""


class Reason(Struct, frozen=True):
    """A feature group, its exact contribution to the calibrated log-odds, and what a seller reads of it."""

    feature: str
    contribution: float
    text: str


def top_reasons(
    contributions: Sequence[Contribution], features: Mapping[str, Any], policy: Policy, language: Language
) -> tuple[Reason, ...]:
    """At most three reasons for and three against, the strongest first; `contributions` come in the order of size."""
    speaking_for = [one for one in contributions if one.log_odds >= SMALLEST][:MOST]
    against = [one for one in contributions if one.log_odds <= -SMALLEST][:MOST]
    chosen = [one for one in contributions if one in speaking_for or one in against]
    return tuple(Reason(one.group, one.log_odds, _text(one, features, policy, language)) for one in chosen)


def _text(contribution: Contribution, features: Mapping[str, Any], policy: Policy, language: Language) -> str:
    direction: Direction = "for" if contribution.log_odds > 0 else "against"
    return reason(policy, language, contribution.group, direction, features)
