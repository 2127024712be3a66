"""Checks of tiers, sellers, and what points and model decide together."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Tier
from leadwerk.policy.regions import looks_like_region, normalised_region
from leadwerk.policy.selling import Seller
from leadwerk.policy.validation.errors import Problem, given_twice, named_twice
from leadwerk.policy.yaml_document import Path


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with tiers, sellers and the decision."""
    yield from _tiers(policy)
    yield from named_twice(("capacity", "sellers"), (seller.name for seller in policy.capacity.sellers))
    for index, seller in enumerate(policy.capacity.sellers):
        yield from _seller(seller, policy, ("capacity", "sellers", index))
    if policy.decision.rank_by == "points" and not policy.points.rules:
        message = "points are to decide, but no rule gives any."
        yield ("decision", "rank_by"), message, "Add rules under points, or rank by the model."


def _tiers(policy: Policy) -> Iterator[Problem]:
    yield from named_twice(("tiers",), (tier.name for tier in policy.tiers))
    for index, tier in enumerate(policy.tiers):
        earlier = next((smaller for smaller in policy.tiers[:index] if _takes_all_of(smaller, tier)), None)
        if not tier.name.strip():
            yield ("tiers", index, "name"), "this is empty.", "Name the tier, such as Enterprise."
        if earlier is not None:
            message = f"the tier `{tier.name}` is never reached: `{earlier.name}` takes all its companies."
            yield ("tiers", index), message, "Put the largest companies first."


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
    in_vain = "" if set(seller.languages) & set(policy.languages) else ", so this seller serves no lead"
    for index, language in enumerate(seller.languages):
        if language not in policy.languages:
            message = f"`{language}` is not a language of the policy{in_vain}."
            yield (*path, "languages", index), message, "Add it under languages, or remove it here."
    for index, region in enumerate(seller.regions):
        if region not in ("CH", "LI", "DE", "AT") and not looks_like_region(region):
            remedy = f"{normalised_region(region)} CH is all of a country."
            yield (*path, "regions", index), f"the region {region!r} is unknown.", remedy
