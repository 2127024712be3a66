"""Threshold outlook: what each threshold would bring, for the present or an assumed team. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from leadwerk.pipeline.thresholds.daily import hot_thresholds
from leadwerk.pipeline.thresholds.read_demand import demand_parameters, newly_reaching_demand, picked
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Seller
from leadwerk.report.threshold_outlook_table import (
    LEAST_LEADS,
    Outlook,
    OutlookRow,
    OutlookSource,
    at,
    by_chance,
    by_past,
    one_more_hour,
)
from leadwerk.scoring.call_demand import Demand
from leadwerk.scoring.seller_pools import EVERYBODY, Basis, leads_a_week, threshold_limits
from leadwerk.scoring.threshold_update import thresholds
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

OUTCOMES = timedelta(days=730)
"""Older outcomes are not used: they no longer describe today's market."""

DEFAULT_HOURS = 20.0
"""Weekly hours of an assumed seller if the policy has no sellers to average."""


class ValueOutcome(msgspec.Struct, frozen=True):
    """A row of thresholds/conversions_by_value: past leads whose best value it was, and how many converted."""

    value: int
    leads: int
    converted: int


def threshold_outlook(warehouse: Warehouse, policy: Policy, basis: Basis, now: datetime) -> Outlook | None:
    """The outlook as of `now` (aware) for the sellers of this policy; None with too few leads."""
    with warehouse.unit_of_work():
        incoming = newly_reaching_demand(
            warehouse, policy, basis, now, settled=False
        )  # a first look may be a little low
        if incoming is None:
            return None
        today = hot_thresholds(warehouse, policy, now)
        past = _past(warehouse, policy, basis, now)
        picked_leads = picked(warehouse, policy, now)
    # Without a state: what would fit today, not how far a threshold may move in a day.
    needed = {
        threshold.seller_pool: threshold.wanted for threshold in thresholds(policy, basis, incoming, {}, picked_leads)
    }
    bands = threshold_limits(policy, basis)
    decided = today.decided.get((basis, EVERYBODY), bands.hot)
    hot = bands.within(today.holds.get((basis, EVERYBODY), decided))
    rungs, source = _ladder(policy, incoming, past)
    room = sum(leads_a_week(policy.capacity, picked_leads).values())
    return Outlook(
        basis=basis,
        today=hot,
        wanted=needed[EVERYBODY],
        room=room,
        hours=sum(seller.hours_per_week for seller in policy.capacity.sellers),
        source=source,
        past_leads=sum(leads for leads, _ in past.values()),
        rungs=tuple(rungs),
        one_more_hour=one_more_hour(at(rungs, hot), room),
        seller_pools={name: hot_needed for name, hot_needed in needed.items() if name},
    )


def with_team(policy: Policy, sellers: int | None, hours: float | None) -> Policy:
    """The policy with `sellers` sellers of `hours` a week, each able to serve every lead.

    Without `sellers`, the policy's own sellers with `hours` each; without both, the policy as it is.

    >>> from leadwerk.policy.load import load
    >>> [seller.hours_per_week for seller in with_team(load("mortgage"), 2, 30).capacity.sellers]
    [30, 30]
    """
    if sellers is None and hours is None:
        return policy
    present = policy.capacity.sellers
    if sellers is None:
        team = tuple(msgspec.structs.replace(seller, hours_per_week=hours) for seller in present)
    else:
        usual = sum(seller.hours_per_week for seller in present) / len(present) if present else DEFAULT_HOURS
        each = usual if hours is None else hours
        team = tuple(Seller(name=f"seller_{number}", hours_per_week=each) for number in range(1, sellers + 1))
    return msgspec.structs.replace(policy, capacity=msgspec.structs.replace(policy.capacity, sellers=team))


def _ladder(
    policy: Policy, incoming: Demand, past: Mapping[int, tuple[int, int]]
) -> tuple[list[OutlookRow], OutlookSource]:
    calls, minutes = incoming.everybody / incoming.weeks, policy.capacity.minutes_per_lead
    chances = incoming.wins.sum(axis=0) / incoming.weeks
    if chances.any():
        return by_chance(incoming.low, calls, chances, minutes), "chances"
    enough = sum(leads for leads, _ in past.values()) >= LEAST_LEADS
    return by_past(incoming.low, calls, past, minutes), "past" if enough else "nothing"


def _past(warehouse: Warehouse, policy: Policy, basis: Basis, now: datetime) -> dict[int, tuple[int, int]]:
    """For each level: past leads whose best value it was, and how many of them converted."""
    parameters = {
        **demand_parameters(policy, basis, now),
        "first_day": (now - OUTCOMES).date(),
        "horizon_days": policy.horizon_days,
        "look_back_days": policy.capacity.look_back_days,
        "positive": list(policy.positive),
    }
    rows = warehouse.rows(statement("thresholds/conversions_by_value", ValueOutcome), parameters)
    outcomes = {row.value: (row.leads, row.converted) for row in rows}
    # The model's past scores cannot be computed anew; points can, from the rules in force.
    if basis == "model" or sum(leads for leads, _ in outcomes.values()) >= LEAST_LEADS:
        return outcomes
    from leadwerk.pipeline.policies.points_as_of import past_points

    return past_points(warehouse, policy, now)
