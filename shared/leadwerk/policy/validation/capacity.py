"""Checks of tiers, sellers, and what points and model decide together."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Tier
from leadwerk.policy.problem import Problem
from leadwerk.policy.regions import looks_like_region, normalised_region
from leadwerk.policy.selling import Seller
from leadwerk.policy.validation.errors import empty, given_twice, named_twice
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message, sentences


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with tiers, sellers and the decision."""
    yield from _tiers(policy)
    yield from named_twice(("capacity", "sellers"), (seller.name for seller in policy.capacity.sellers), folded)
    for index, seller in enumerate(policy.capacity.sellers):
        yield from _seller(seller, policy, ("capacity", "sellers", index))
    if policy.decision.rank_by == "points" and not policy.points.rules:
        yield Problem.of(("decision", "rank_by"), "policy.decision.no_rules")


def _tiers(policy: Policy) -> Iterator[Problem]:
    yield from named_twice(("tiers",), (tier.name for tier in policy.tiers))
    for index, tier in enumerate(policy.tiers):
        earlier = next((smaller for smaller in policy.tiers[:index] if _takes_all_of(smaller, tier)), None)
        if not tier.name.strip():
            yield empty(("tiers", index, "name"), "policy.tiers.empty.remedy")
        if earlier is not None:
            yield Problem.of(("tiers", index), "policy.tiers.unreached", tier=tier.name, earlier=earlier.name)


def _takes_all_of(earlier: Tier, later: Tier) -> bool:
    """Whether every company of `later` is one of `earlier`; a tier without bounds takes all."""
    if earlier.employees is None and earlier.revenue is None:
        return True
    if later.employees is None and later.revenue is None:
        return earlier.employees == 0 and earlier.revenue == 0
    return _from(earlier.employees, later.employees) and _from(earlier.revenue, later.revenue)


def _from(earlier: float | None, later: float | None) -> bool:
    return later is None or (earlier is not None and earlier <= later)


def _seller(seller: Seller, policy: Policy, path: Path) -> Iterator[Problem]:
    yield from given_twice((*path, "languages"), seller.languages)
    yield from given_twice((*path, "regions"), seller.regions)
    serves_nobody = not set(seller.languages) & set(policy.languages)
    key = "policy.sellers.language_in_vain" if serves_nobody else "policy.languages.other"
    for index, language in enumerate(seller.languages):
        if language not in policy.languages:
            remedy: str = Message("policy.languages.other.remedy")
            yield Problem.of((*path, "languages", index), key, language=language, remedy=remedy)
    for index, region in enumerate(seller.regions):
        if region not in ("CH", "LI", "DE", "AT") and not looks_like_region(region):
            remedy = sentences(normalised_region(region), Message("policy.sellers.region.country"))
            yield Problem.of((*path, "regions", index), "policy.sellers.region", region=region, remedy=remedy)
