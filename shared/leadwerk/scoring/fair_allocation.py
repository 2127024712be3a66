"""How sellers' time is shared over the pools that they can serve: progressive filling.

All seller pools begin at the highest threshold, which asks least of everybody, and go down together, point by point, as
long as the sellers can take the calls. Where they cannot, the pools that compete for these sellers stop, the sellers
are theirs, and the others go on with those who are left. So nobody's threshold is lower at the cost of one who waits
behind a higher one already (max-min fairness: Bertsekas & Gallager, Data Networks, 2nd edition 1992, 6.5.2), and leads
that compete for the same sellers have to be equally good. Whether sellers can take the calls is a question of flow from
pools to sellers; who competes for too few of them is the minimum cut (Ford & Fulkerson 1956, Canad. J. Math. 8:399).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadwerk.stats.arrays import Bools, Floats, Ints

NOTHING = 1e-9
"""Calls that are a rounding error."""


@dataclass(frozen=True)
class Allocation:
    """What a pool gets: the threshold that fills its sellers, and the calls they have time for.

    Pools of one `group` stop at the same threshold for want of the same sellers; `room` is what these can take.
    """

    wanted: int
    group: int
    room: float


def allocate(demand: Floats, serves: Bools, capacity: Floats, low: int) -> list[Allocation]:
    """The share of each of k pools in the time of s sellers.

    Args:
        demand: (k, levels): calls if the threshold is low, low + 1, …; falls along a row.
        serves: (k, s): which seller can serve which pool.
        capacity: (s,): calls that each seller can take, in the same period.
        low: the first level.

    >>> calls = np.array([[9.0, 6.0, 3.0], [5.0, 2.0, 1.0]])
    >>> both, second = [True, True], [False, True]
    >>> [share.wanted for share in allocate(calls, np.array([both, second]), np.array([7.0, 1.5]), 40)]
    [41, 42]
    """
    allocations: dict[int, Allocation] = {}
    for group, (members, level, sellers) in enumerate(_groups(demand, serves, capacity)):
        share = Allocation(low + level, group, float(capacity[sellers].sum()))
        allocations |= {int(k): share for k in members}
    return [allocations[k] for k in range(len(demand))]


def _groups(demand: Floats, serves: Bools, capacity: Floats) -> Iterator[tuple[Ints, int, Ints]]:
    """Pools that stop together, at which level, and the sellers who are theirs."""
    going, free, flow = np.ones(len(demand), bool), np.ones(len(capacity), bool), np.zeros(serves.shape)
    for level in reversed(range(demand.shape[1])):
        # Down point by point from the top: the first level that overloads sellers is where their pools stop.
        while (stuck := overloaded(np.where(going, demand[:, level], 0.0), serves & free, capacity, flow)).any():
            theirs = serves[stuck].any(axis=0) & free
            yield np.flatnonzero(stuck), min(level + 1, demand.shape[1] - 1), np.flatnonzero(theirs)
            going, free = going & ~stuck, free & ~theirs
            # Calls of stopped pools leave the network with their sellers; the others may not borrow from them.
            flow[stuck] = 0.0
    # Pools that reached the lowest level: those that share sellers are one group.
    while going.any():
        together, theirs = _connected(int(going.argmax()), serves & free & going[:, None])
        yield np.flatnonzero(together), 0, np.flatnonzero(theirs)
        going = going & ~together


def _connected(first: int, serves: Bools) -> tuple[Bools, Bools]:
    """The pools that share sellers with one, directly or by way of others, and these sellers."""
    together = np.zeros(len(serves), bool)
    together[first] = True
    while True:
        sellers: Bools = np.any(serves[together], axis=0)
        wider = together | serves[:, sellers].any(axis=1)
        if (wider == together).all():
            return together, sellers
        together = wider


def overloaded(demand: Floats, serves: Bools, capacity: Floats, flow: Floats | None = None) -> Bools:
    """Pools that ask for more than their sellers can take, with all that compete with them; none if all is well.

    Args:
        demand: (k,) calls of each pool.
        serves: (k, s): which seller can serve which pool.
        capacity: (s,) calls that each seller can take.
        flow: (k, s) calls that are dealt out already, as part of what is asked for; the rest is added to it.

    >>> overloaded(np.array([3.0, 2.0]), np.array([[True, True], [False, True]]), np.array([2.0, 2.5])).tolist()
    [True, True]
    """
    flow = np.zeros(serves.shape) if flow is None else flow
    while True:
        unmet, spare = demand - flow.sum(axis=1), capacity - flow.sum(axis=0)
        is_reached, by_seller, by_pool = _search(unmet > NOTHING, serves, flow)
        ends = np.flatnonzero((by_seller >= 0) & (spare > NOTHING))
        # No way to a seller with time: what the search reached is the minimum cut, the overloaded part.
        if not len(ends):
            return is_reached
        for end in ends:
            _send(int(end), by_seller, by_pool, flow, unmet, spare)


def _search(start: Bools, serves: Bools, flow: Floats) -> tuple[Bools, Ints, Ints]:
    """Which pools calls could be moved from, breadth first; and by which pool each seller, by which seller each
    pool was reached (-1: not at all, or at the start)."""
    is_reached, frontier = start.copy(), start
    by_seller, by_pool = np.full(serves.shape[1], -1), np.full(serves.shape[0], -1)
    while frontier.any():
        rows = np.flatnonzero(frontier)
        new_sellers = serves[rows].any(axis=0) & (by_seller < 0)
        by_seller[new_sellers] = rows[serves[rows][:, new_sellers].argmax(axis=0)]
        columns = np.flatnonzero(new_sellers)
        carries_flow = flow[:, columns] > NOTHING
        frontier = carries_flow.any(axis=1) & ~is_reached
        by_pool[frontier] = columns[carries_flow[frontier].argmax(axis=1)] if len(columns) else -1
        is_reached |= frontier
    return is_reached, by_seller, by_pool


def _send(end: int, by_seller: Ints, by_pool: Ints, flow: Floats, unmet: Floats, spare: Floats) -> None:
    """Move as many calls as still go along the way that ends at a seller with time to spare."""
    way, seller = [], end
    while seller >= 0:
        way.append((int(by_seller[seller]), seller))
        seller = int(by_pool[way[-1][0]])
    # Steps backwards along the way: calls that a pool hands over to make room.
    given_back = [(pool, int(by_pool[pool])) for pool, _ in way[:-1]]
    amount = min([unmet[way[-1][0]], spare[end], *(flow[step] for step in given_back)])
    for step in way:
        flow[step] += amount
    for step in given_back:
        flow[step] -= amount
    unmet[way[-1][0]] -= amount
    spare[end] -= amount
