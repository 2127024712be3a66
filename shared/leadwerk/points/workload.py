"""How many leads a week each seller would have had to call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadwerk.policy.selling import Capacity

MINUTES = 60

NOBODY = ""
"""Leads that no seller can serve; where the policy names no sellers, all leads."""


class SellerWeek(Struct, frozen=True, kw_only=True):
    """Leads a week that become HOT for a seller: on average, in the busiest week, and the seller's room for them."""

    seller: str
    average: float
    busiest: int
    room: float | None


class Workload(Struct, frozen=True, kw_only=True):
    """All leads that become HOT, and by seller."""

    leads: int
    average: float
    busiest: int
    sellers: tuple[SellerWeek, ...]


def workload(
    capacity: Capacity, pools: Sequence[tuple[str, ...]], week: NDArray[np.int64], *, weeks: float
) -> Workload:
    """Assignment of calls: each lead goes to the seller who can serve it and has the largest share of time free.

    `pools`: names of the sellers who can serve each lead, in the order of time; `week`: the
    number of the week in which it became HOT, of so many `weeks`.
    """
    dealt = _dealt(capacity, pools)
    room = {person.name: person.hours_per_week * MINUTES / capacity.minutes_per_lead for person in capacity.sellers}
    names = [*room, *([NOBODY] if NOBODY in dealt else [])]
    return Workload(
        leads=len(pools),
        average=len(pools) / weeks,
        busiest=_busiest(week),
        sellers=tuple(
            SellerWeek(
                seller=name,
                average=dealt.count(name) / weeks,
                busiest=_busiest(week[[seller == name for seller in dealt]]),
                room=room.get(name),
            )
            for name in names
        ),
    )


def _dealt(capacity: Capacity, pools: Sequence[tuple[str, ...]]) -> list[str]:
    """The seller of each lead."""
    hours = {person.name: person.hours_per_week for person in capacity.sellers}
    calls: Counter[str] = Counter()
    dealt = []
    for pool in pools:
        willing = [name for name in pool if hours.get(name)]
        # The seller with the largest share of time free after this call, as a fair dispatcher would choose.
        seller = min(willing, key=lambda name: (calls[name] + 1) / hours[name], default=NOBODY)
        calls[seller] += 1
        dealt.append(seller)
    return dealt


def _busiest(week: NDArray[np.int64]) -> int:
    return int(np.bincount(week).max(initial=0))
