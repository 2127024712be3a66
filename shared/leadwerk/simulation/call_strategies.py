"""What calling by score saves, reckoned from the truth: expected customers and calls at the same capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from leadwerk.errors import InputError
from leadwerk.simulation import storage, truth, truth_lookup
from leadwerk.simulation.forms import lead_id
from leadwerk.simulation.truth_lookup import LeadTruth
from leadwerk.stats.arrays import Bools, Floats, Ints

# CHF: half an hour of a seller with preparation and notes.
COST_PER_CALL = 45.0


@dataclass(frozen=True)
class CallingResult:
    """One way to choose the leads to call within a day, in expectation.

    `paid_out` counts all leads, `paid_out_called` those among the called; `calls_per_paid_out` and
    `cost_per_paid_out` (CHF) relate the calls to the latter, None without any.
    """

    calls: int
    paid_out: float
    paid_out_called: float
    calls_per_paid_out: float | None
    cost_per_paid_out: float | None


@dataclass(frozen=True)
class CallingSavings:
    """The same leads called in order of arrival, by the given scores, and by the truth (nobody can do better).

    `extra_paid_out` and `cost_saved` (a share of the cost per paid-out mortgage) compare by score with first come.
    """

    leads: int
    first_come: CallingResult
    by_score: CallingResult
    best: CallingResult
    extra_paid_out: float
    cost_saved: float | None


def savings(
    home: Path,
    scores: Mapping[str, float] | None = None,
    *,
    minimum: float | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    cost_per_call: float = COST_PER_CALL,
) -> CallingSavings:
    """Compare ways of calling the leads created from `first_day` to `last_day` (both optional and inclusive).

    `scores` by lead id, higher is called first; leads without a score do not take part, and without `scores` the true
    chance stands in for them. `minimum`: who scores less is not called, even if there is time.

    Raises:
        InputError: no lead takes part.
        UnknownLead: a score is for nobody.
    """
    truths = truth_lookup.read(home)
    lead, score = _taking_part(home, truths, scores, first_day, last_day)
    alone, day = truths.alone[lead], truths.day[lead]
    # The same number of calls a day for every strategy: only the choice of leads differs.
    budget = np.round(np.bincount(day, truths.call_share[lead])).astype(np.int64)
    willing = score >= (-np.inf if minimum is None else minimum)
    # Negative, so that a higher rank means earlier.
    arrival = -truths.created[lead].astype(float)
    everyone = np.ones(len(lead), dtype=bool)

    def calling(rank: Floats, allowed: Bools) -> CallingResult:
        return _calling(alone, _chosen(day, rank, allowed, budget), cost_per_call)

    first_come, by_score = calling(arrival, everyone), calling(score, willing)
    return CallingSavings(
        leads=len(lead),
        first_come=first_come,
        by_score=by_score,
        best=calling(alone, everyone),
        extra_paid_out=by_score.paid_out - first_come.paid_out,
        cost_saved=_saved(first_come.cost_per_paid_out, by_score.cost_per_paid_out),
    )


def _taking_part(
    home: Path, truths: LeadTruth, scores: Mapping[str, float] | None, first_day: date | None, last_day: date | None
) -> tuple[Ints, Floats]:
    ids = [lead_id(index) for index in range(len(truths))] if scores is None else list(scores)
    lead = truth_lookup.positions(ids, len(truths))
    # Without scores the truth itself ranks: the best that any model could do.
    score = truths.alone[lead] if scores is None else np.array([scores[lead_id] for lead_id in ids], dtype=float)
    start = storage.read_market(home).start
    first = 0 if first_day is None else (first_day - start).days
    last = len(truths) if last_day is None else (last_day - start).days
    inside = (truths.day[lead] >= first) & (truths.day[lead] <= last) & ~np.isnan(score)
    if not inside.any():
        raise InputError("No lead takes part.", field="scores", value=len(ids), remedy="Give scores of these days.")
    return lead[inside], score[inside]


def _chosen(day: Ints, rank: Floats, allowed: Bools, budget: Ints) -> Bools:
    """The highest `rank` of each day, as many as its `budget`, among those allowed.

    >>> day, rank = np.array([0, 0, 1]), np.array([1.0, 2.0, 3.0])
    >>> _chosen(day, rank, np.array([True, True, False]), np.array([1, 1])).tolist()
    [False, True, False]
    """
    # Stable: equal scores stay in the order of leads, so that a result can be repeated.
    order = np.lexsort((-rank, ~allowed, day))
    place = np.empty(len(day), dtype=np.int64)
    place[order] = np.arange(len(day)) - np.searchsorted(day[order], day[order])
    return allowed & (place < budget[day])


def _calling(alone: Floats, chosen: Bools, cost_per_call: float) -> CallingResult:
    # In expectation and not by drawing: chance would hide small differences between strategies.
    helped = truth.odds_times(alone, truth.CALL_EFFECT)
    calls, among = int(chosen.sum()), float(helped[chosen].sum())
    return CallingResult(
        calls=calls,
        paid_out=float(np.where(chosen, helped, alone).sum()),
        paid_out_called=among,
        calls_per_paid_out=calls / among if among else None,
        cost_per_paid_out=calls * cost_per_call / among if among else None,
    )


def _saved(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else 1 - after / before
