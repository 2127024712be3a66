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

from leadwerk.catalogue.features import COMPANY_CONFIDENCE, FEATURES, CatalogueEntry, Kind, signal_columns
from leadwerk.errors import ConfigurationError
from leadwerk.texts.message import Message

# The policy model is only needed for types: the score function's cold start does not import it here.
if TYPE_CHECKING:
    from leadwerk.policy.model import Policy


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
    features = (
        *(feature for entry in FEATURES if _is_learned(entry, policy) for feature in _from_entry(entry)),
        *(Feature(name, "number", signal.name) for signal in policy.signals for name in signal_columns(signal.name)),
        *(Feature(f"attribute_{a.name}", a.kind, f"attribute_{a.name}") for a in policy.attributes),
    )
    # A signal may be named like an attribute; two columns of one name would silently swap in training.
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
    # Groups and monotone constraints are left out: they change reasons and training, not what a model can read.
    text = "\n".join(f"{feature.name} {feature.kind}" for feature in features)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _is_learned(entry: CatalogueEntry, policy: Policy) -> bool:
    """Whether models learn from an entry; not from a lead's creation time where the source does not state it."""
    if entry.name == COMPANY_CONFIDENCE:
        return bool(policy.enrichment.facts)
    return entry.is_learned and (policy.lead_times == "stated" or not entry.is_creation_time)


def _from_entry(entry: CatalogueEntry) -> list[Feature]:
    return [Feature(name, entry.kind, entry.group, entry.monotone) for name in entry.columns()]


def _refuse_duplicates(features: tuple[Feature, ...]) -> None:
    twice = [name for name, times in Counter(feature.name for feature in features).items() if times > 1]
    if twice:
        raise ConfigurationError(Message("refusal.feature.twice", feature=twice[0]))
