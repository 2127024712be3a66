"""The feature contract: names, kinds and order of everything a model may know of a lead.

The contract follows from the policy alone: a new signal or attribute becomes features without a change of code. The
query `lead_features` yields exactly these columns, in this order; a model remembers the contract's hash and is refused
by a scorer whose contract differs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from leadwerk.errors import ConfigurationError

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy

Kind = Literal["number", "category"]

WINDOWS = (1, 7, 30, 90)
"""Days over which behaviour is counted, the own day included."""

# What a bank's affordability rules make certain: a higher instalment on the same income is never better. A higher
# loan-to-value is no such certainty: banks like it less, but who borrows little needs no help either. On three
# simulated markets leads unseen in cross-fitting were predicted better without it (log loss 0.298 against 0.303).
FALLING = frozenset({"instalment_to_income"})

_FORM = (
    ("has_web_behaviour", "behaviour"),
    ("lead_age_days", "lead_age"),
    ("created_hour", "created_time"),
    ("created_weekday", "created_time"),
    ("loan_amount", "loan_amount"),
    ("property_value", "property_value"),
    ("income", "income"),
    ("instalment", "instalment"),
    ("loan_to_value", "loan_to_value"),
    ("instalment_to_income", "instalment_to_income"),
    ("calculator_uses_90d", "calculator"),
    ("calculator_loan_amount_mean", "calculator"),
)
_VISITS = (
    ("sessions", "visits"),
    ("page_views", "visits"),
    ("seconds", "time_on_site"),
    ("active_days", "visits"),
)
_BEHAVIOUR = (
    ("session_seconds_30d", "time_on_site"),
    ("scroll_percent_90d", "scroll"),
    ("days_since_activity", "recency"),
    ("days_since_first_activity", "first_visit"),
    ("sessions_trend", "trend"),
    ("last_active_hour", "active_time"),
    ("last_active_weekday", "active_time"),
    ("employees", "employees"),
    ("revenue", "revenue"),
)
_CATEGORIES = (
    ("language", "language"),
    ("country", "country"),
    ("region", "region"),
    ("email_domain_kind", "email_domain_kind"),
    ("channel", "channel"),
    ("industry", "industry"),
    ("source", "source"),
    ("medium", "source"),
    ("device_category", "device"),
)


OF_TIMES = frozenset({"lead_age_days", "created_hour", "created_weekday"})
"""Features that say something only where the source states when leads came."""


class Feature(Struct, frozen=True):
    """One column of `lead_features`.

    `group` is what reasons speak about: all features of one signal, of visits, of recency … `monotone` is 1 where a
    higher value can only help, -1 where it can only hurt, 0 where the domain does not say.
    """

    name: str
    kind: Kind
    group: str
    monotone: Literal[-1, 0, 1] = 0


def contract(policy: Policy) -> tuple[Feature, ...]:
    """The features of a policy, in the order of the query's columns.

    Raises:
        ConfigurationError: two features would have the same name.
    """
    windowed = [_number(f"{name}_{days}d", group) for name, group in _VISITS for days in WINDOWS]
    features = (
        *(_number(name, group) for name, group in _FORM if policy.lead_times == "stated" or name not in OF_TIMES),
        *windowed,
        *(_number(name, group) for name, group in _BEHAVIOUR),
        *(Feature(name, "category", group) for name, group in _CATEGORIES),
        *(feature for signal in policy.signals for feature in _of_signal(signal.name)),
        *(Feature(f"attribute_{a.name}", a.kind, f"attribute_{a.name}") for a in policy.attributes),
    )
    _refuse_duplicates(features)
    return features


def groups(features: tuple[Feature, ...]) -> tuple[str, ...]:
    """The feature groups in the order in which they first appear."""
    return tuple(dict.fromkeys(feature.group for feature in features))


def contract_hash(features: tuple[Feature, ...]) -> str:
    """SHA-256 (12 hex digits) of names, kinds and order: what a model must share with the code that feeds it.

    >>> contract_hash((Feature("income", "number", "income"),))
    '027c63616e8b'
    """
    text = "\n".join(f"{feature.name} {feature.kind}" for feature in features)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _number(name: str, group: str) -> Feature:
    return Feature(name, "number", group, -1 if name in FALLING else 0)


def _of_signal(signal: str) -> list[Feature]:
    names = [
        *(f"{signal}_events_{days}d" for days in WINDOWS),
        *(f"{signal}_seconds_{days}d" for days in WINDOWS),
        f"{signal}_days_since",
    ]
    return [_number(name, signal) for name in names]


def _refuse_duplicates(features: tuple[Feature, ...]) -> None:
    twice = [name for name, times in Counter(feature.name for feature in features).items() if times > 1]
    if twice:
        raise ConfigurationError(
            f"The policy's signals or attributes make the feature {twice[0]} twice.",
            remedy="Rename the signal or attribute.",
        )
