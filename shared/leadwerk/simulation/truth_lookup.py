"""The true chance of every lead of a market, at any moment: what a model can at best know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from leadwerk.errors import InputError, UnknownLead
from leadwerk.simulation import outcomes, storage, truth
from leadwerk.simulation.calendar import DAY, micros
from leadwerk.simulation.forms import FIRST_LEAD
from leadwerk.simulation.visits import RETURN_AFTER, RETURN_DAYS
from leadwerk.stats.arrays import Bools, Floats, Ints

HORIZON_DAYS = 30
# Longer than anything that happens to a lead after its creation, a power of two: 50 days.
SPAN = 1 << 42


@dataclass(frozen=True)
class LeadTruth:
    """What the outcomes were drawn from; arrays of shape (leads,), times in UTC microseconds.

    `call_share` is the share of the day's leads that is called within a day, `called` when that call was made (or
    outcomes.FOREVER); `visits` and `clicks` are sorted keys of lead and time, see `_key`.
    """

    created: Ints
    day: Ints
    linked: Bools
    alone: Floats
    call_share: Floats
    called: Ints
    closed: Ints
    visits: Ints
    clicks: Ints

    def __len__(self) -> int:
        return len(self.created)


def read(home: Path) -> LeadTruth:
    """The truth of the market in `home`."""
    stored = SimpleNamespace(**storage.read_truth(home))
    created = stored.created
    return LeadTruth(
        created=created,
        day=storage.read_market(home).calendar.day_of(created),
        **{name: getattr(stored, name) for name in ("linked", "alone", "call_share", "called", "closed")},
        visits=np.sort(_key(created, stored.visit_lead, stored.visit_at)),
        clicks=np.sort(_key(created, stored.click_lead, stored.click_at)),
    )


def true_probability(
    home: Path,
    lead_ids: Sequence[str],
    as_of: datetime | Sequence[datetime | None] | None = None,
    horizon_days: float = HORIZON_DAYS,
) -> Floats:
    """Chance that each lead is paid out in the `horizon_days` after `as_of`, given all that is observable then.

    `as_of` is one aware moment for all, one for each, or None for the lead's creation. Shape (len(lead_ids),); NaN
    where the lead is not there yet or no longer open at that moment.

    Raises:
        UnknownLead: the market has no such lead.
        InputError: another number of moments than of leads.
    """
    lead_truth = read(home)
    lead = positions(lead_ids, len(lead_truth))
    at = _moments(as_of, lead_truth.created[lead])
    age = np.maximum(at - lead_truth.created[lead], 0) / DAY
    # Counts are compared with the time in which they could have happened.
    exposure = np.clip(age - RETURN_AFTER / DAY, 0, RETURN_DAYS)
    ratio = truth.likelihood_ratio(
        (_count(lead_truth, lead_truth.visits, lead, at), exposure),
        (_count(lead_truth, lead_truth.clicks, lead, at), np.clip(age, 0, RETURN_DAYS)),
        lead_truth.linked[lead],
    )
    # Strictly from what was observable at that moment: the best any model could know.
    chance = truth.posterior(_call_known(lead_truth, lead, at, age), ratio, age, horizon_days)
    is_open = (lead_truth.created[lead] <= at) & (at < lead_truth.closed[lead])
    return np.where(is_open, chance, np.nan)


def positions(lead_ids: Sequence[str], leads: int) -> Ints:
    """Index of each lead id.

    >>> positions(["100003"], 5)
    array([2])
    """
    index = np.array([int(lead_id) - FIRST_LEAD if lead_id.isdigit() else -1 for lead_id in lead_ids], dtype=np.int64)
    unknown = (index < 0) | (index >= leads)
    if unknown.any():
        stranger = lead_ids[int(np.argmax(unknown))]
        remedy = f"Ids run from {FIRST_LEAD} to {FIRST_LEAD + leads - 1}."
        raise UnknownLead(f"The market has no lead {stranger!r}.", field="lead_id", value=stranger, remedy=remedy)
    return index


def _moments(as_of: datetime | Sequence[datetime | None] | None, created: Ints) -> Ints:
    if as_of is None:
        return created
    if isinstance(as_of, datetime):
        return np.full(len(created), micros(as_of))
    if len(as_of) != len(created):
        remedy = "Give one moment for all, or one for each."
        raise InputError(f"{len(as_of)} moments, {len(created)} leads.", field="as_of", value=len(as_of), remedy=remedy)
    return np.array([start if moment is None else micros(moment) for moment, start in zip(as_of, created, strict=True)])


def _key(created: Ints, lead: Ints, at: Ints) -> Ints:
    """One number that orders by lead, then by time since its creation."""
    since: Ints = np.clip(at - created[lead], 0, SPAN - 1)
    return lead * SPAN + since


def _count(lead_truth: LeadTruth, keys: Ints, lead: Ints, at: Ints) -> Ints:
    """How many of the happenings `keys` came to each lead strictly before `at`."""
    # Sorted keys of lead and time: two searches count without a loop over leads.
    before = np.searchsorted(keys, _key(lead_truth.created, lead, at))
    return (before - np.searchsorted(keys, lead * SPAN)).astype(np.int64)


def _call_known(lead_truth: LeadTruth, lead: Ints, at: Ints, age: Floats) -> tuple[Floats, Floats]:
    """Weights of "will be paid out" and "will not" with what is known of the call at that age."""
    alone = lead_truth.alone[lead]
    helped = truth.odds_times(alone, truth.CALL_EFFECT)
    first, last = outcomes.CALL_WITHIN
    # A call that was not seen yet may still come; its chance falls as its window passes.
    still_to_come = lead_truth.call_share[lead] * (1 - np.clip((age - first) / (last - first), 0, 1))
    never = 1 - lead_truth.call_share[lead]
    seen = lead_truth.called[lead] < at
    customer = np.where(seen, helped, still_to_come * helped + never * alone)
    other = np.where(seen, 1 - helped, still_to_come * (1 - helped) + never * (1 - alone))
    return customer, other
