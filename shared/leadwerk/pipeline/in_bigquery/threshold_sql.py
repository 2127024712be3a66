"""The HOT thresholds of a day as one expression of SQL, for statements that judge leads inside BigQuery."""

from __future__ import annotations

from leadwerk.policy.model import Policy
from leadwerk.policy.sales import Seller
from leadwerk.scoring.capacity import EVERYBODY, Basis, HotThresholds
from leadwerk.warehouse.statement import literal


def hot_threshold(policy: Policy, hot: HotThresholds, basis: Basis) -> str:
    """What `hot(basis, language, region)` says, of a row's columns `language` (one of the policy's) and `region`."""
    general = hot.of_segment(basis, EVERYBODY)
    named = sorted({segment for kind, segment in (*hot.decided, *hot.held) if kind == basis and segment})
    own = [f"WHEN '{segment}+' THEN {hot.of_segment(basis, segment)}" for segment in named]
    return f"CASE {_serving(policy)} {' '.join(own)} ELSE {general} END" if own else str(general)


def _serving(policy: Policy) -> str:
    """The names of the sellers who can serve a row, each with a + behind it."""
    names = [f"IF({_serves(seller)}, '{seller.name}+', '')" for seller in policy.capacity.sellers]
    return f"CONCAT({', '.join(names)})" if names else "''"


def _serves(seller: Seller) -> str:
    """As scoring.capacity says of whom a seller serves."""
    speaks = f"language IN ({_listed(seller.languages)})" if seller.languages else "TRUE"
    if not seller.regions:
        return speaks
    inside = " OR ".join(f"STARTS_WITH(region, {literal(part + '-', 'STRING')})" for part in seller.regions)
    return f"{speaks} AND (region IS NULL OR region IN ({_listed(seller.regions)}) OR {inside})"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(literal(value, "STRING") for value in values)
