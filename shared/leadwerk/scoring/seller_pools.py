"""Seller pools: which leads each seller can serve, how many a week fit their time, and where HOT starts.

A pool is the set of sellers who can serve a lead, by its language and region; its name joins theirs by +.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Capacity, Seller

Basis = Literal["points", "model"]
BASES: Final[tuple[Basis, ...]] = ("points", "model")

EVERYBODY: Final = ""
"""Pool of all sellers taken together."""

HOURS_A_WEEK, MINUTES_AN_HOUR = 168, 60

Pool = tuple[str, ...]


@dataclass(frozen=True)
class ThresholdLimits:
    """Default HOT threshold and the limits within which it may be adjusted."""

    hot: int
    low: int
    high: int

    def within(self, value: int) -> int:
        """The value, or the limit that it is beyond.

        >>> [ThresholdLimits(50, 40, 60).within(value) for value in (39, 55, 99)]
        [40, 55, 60]
        """
        return min(max(value, self.low), self.high)


class HotThreshold(Struct, frozen=True, kw_only=True):
    """Where HOT starts for a basis and seller pool; `is_hold`: a person holds it there."""

    is_hold: bool
    basis: str
    seller_pool: str
    hot: int


@dataclass(frozen=True)
class HotThresholds:
    """HOT thresholds by the basis of the decision and by the seller pool that can serve the lead.

    `decided` is what the stage threshold stored, by basis and seller pool; `holds` where persons fix it. A pool without
    a decision follows that of all sellers; without any, the policy's bands hold.
    """

    policy: Policy
    decided: Mapping[tuple[str, str], int] = field(default_factory=dict)
    holds: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __call__(self, basis: Basis, language: str | None = None, region: str | None = None) -> int:
        """The threshold for a lead of this language and region (None: not known)."""
        # The usual case without sellers: no pool is built for each of a million leads.
        if not self.decided and not self.holds:
            return threshold_limits(self.policy, basis).hot
        return self.of_pool(basis, pool_name(pool(self.policy, language, region)))

    def of_pool(self, basis: Basis, name: str) -> int:
        """The threshold for the leads of a seller pool."""
        # A stored threshold may be from an older policy: it never leaves the limits of the present one.
        bands = threshold_limits(self.policy, basis)
        return bands.within(next((hot for hot in self._candidates(basis, (basis, name)) if hot is not None), bands.hot))

    def rows(self) -> tuple[HotThreshold, ...]:
        """The thresholds one by one, as a lead state has them."""
        return tuple(
            HotThreshold(is_hold=is_hold, basis=basis, seller_pool=seller_pool, hot=hot)
            for is_hold, thresholds in ((False, self.decided), (True, self.holds))
            for (basis, seller_pool), hot in thresholds.items()
        )

    @classmethod
    def of_rows(cls, policy: Policy, rows: Sequence[HotThreshold]) -> HotThresholds:
        """The thresholds of a day, ready to be asked for a lead's own."""
        decided, holds = (
            {(row.basis, row.seller_pool): row.hot for row in rows if row.is_hold is is_hold}
            for is_hold in (False, True)
        )
        return cls(policy, decided, holds)

    def _candidates(self, basis: Basis, pool: tuple[str, str]) -> Iterator[int | None]:
        """What may hold for a seller pool, in the order in which it does."""
        everybody = (basis, EVERYBODY)
        # A person's hold beats every decision, also that of all sellers the pool's own decision.
        yield from (
            self.holds.get(pool),
            self.holds.get(everybody),
            self.decided.get(pool),
            self.decided.get(everybody),
        )


def threshold_limits(policy: Policy, basis: Basis) -> ThresholdLimits:
    """The policy's band of a basis: points by points.bands, the model's score by bands."""
    bands = policy.points.bands if basis == "points" else policy.bands
    return ThresholdLimits(bands.hot, *bands.threshold_limits)


def pool(policy: Policy, language: str | None, region: str | None) -> Pool:
    """Names of the sellers who can serve such a lead, in the policy's order; an unknown language is the policy's first.

    A lead of unknown region may be served by every seller of its language.
    """
    spoken = language or policy.languages[0]
    return tuple(seller.name for seller in policy.capacity.sellers if _serves(seller, spoken, region))


def _serves(seller: Seller, language: str, region: str | None) -> bool:
    speaks = not seller.languages or language in seller.languages
    return speaks and (not seller.regions or region is None or any(_lies_in(region, part) for part in seller.regions))


def _lies_in(region: str, part: str) -> bool:
    """Whether a canton or Land is the seller's, or lies in a country that the seller serves as a whole.

    >>> _lies_in("CH-ZH", "CH-ZH"), _lies_in("CH-ZH", "CH"), _lies_in("CH-ZH", "CH-Z")
    (True, True, False)
    """
    # The hyphen matters: CH-Z is no prefix of canton CH-ZH.
    return region == part or region.startswith(f"{part}-")


def pool_name(serving: Pool) -> str:
    """The name of a pool.

    >>> pool_name(("anna", "beat"))
    'anna+beat'
    """
    return "+".join(serving)


def leads_a_week(capacity: Capacity, held_leads: Mapping[str, int] | None = None) -> dict[str, float]:
    """How many new HOT leads each seller can take in a week, by name, less the overdue picks.

    `held`: picked leads that are not done, by seller. What fits into the hours that a pick lasts is the
    week's work itself; only what is beyond that takes time from it (Little 1961, Operations Research 9:383: held =
    leads a week × weeks that each stays).

    >>> anna = Seller(name="anna", hours_per_week=20)
    >>> leads_a_week(Capacity(sellers=(anna,), minutes_per_lead=30, pick_hours=42), {"anna": 12})
    {'anna': 38.0}
    """
    free = {}
    for seller in capacity.sellers:
        whole = seller.hours_per_week * MINUTES_AN_HOUR / capacity.minutes_per_lead
        overdue = max(0.0, (held_leads or {}).get(seller.name, 0) - whole * capacity.pick_hours / HOURS_A_WEEK)
        free[seller.name] = max(0.0, whole - overdue)
    return free
