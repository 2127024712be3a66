"""What becomes of every lead: who is called, who is paid out, when it is decided, and what the CRM records of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from leadwerk.simulation import truth
from leadwerk.simulation.calendar import DAY, Calendar
from leadwerk.simulation.people import People
from leadwerk.stats.arrays import Bools, Floats, Ints

STATUSES = ("Neu", "Kontaktiert", "Prüfung", "Genehmigung", "Ausbezahlt", "Abgelehnt", "Verloren", "Zurückgezogen")
NEW, CONTACTED, EXAMINED, APPROVED, PAID, REJECTED, GONE, WITHDRAWN = range(len(STATUSES))
REASONS = ("", "Unzureichendes Einkommen", "Belehnung zu hoch", "Unvollständige Unterlagen", "Konkurrenzangebot",
           "Nicht erreichbar", "Kein Bedarf mehr", "Kauf geplatzt")  # fmt: skip
NO_REASON, LOW_INCOME, HIGH_LOAN, INCOMPLETE, COMPETITOR, UNREACHED, NO_NEED, FALLEN_THROUGH = range(len(REASONS))

# Calls on a working day, as a share of the leads of an average day.
CAPACITY = 0.40
WEEKEND_CAPACITY = 0.4  # of the working day's
CALL_WITHIN = (0.02, 1.0)  # days after creation, uniform
# Shares of income and value beyond which banks refuse, before and after the shock.
INCOME_LIMITS, VALUE_LIMITS = (0.32, 0.26), (0.88, 0.74)


@dataclass(frozen=True)
class Calls:
    """`share` of the day's leads that the sellers reach; `at` the instant of the call where `is_called`."""

    share: Floats
    is_called: Bools
    at: Ints


@dataclass(frozen=True)
class Outcomes:
    """`paid` or not; `closed` is the instant of the decision (UTC microseconds), or FOREVER."""

    paid: Bools
    closed: Ints


@dataclass(frozen=True)
class Changes:
    """One row a change of a case, in order of `at`: index of the lead, status, reason, amount (NaN: none)."""

    lead: Ints
    at: Ints
    status: Ints
    reason: Ints
    amount: Floats


FOREVER = int(np.iinfo(np.int64).max)


def capacity(calendar: Calendar, leads: int) -> Ints:
    """Calls that the sellers can make for the leads of each local day, shape (days,)."""
    weekend = calendar.weekday_of(np.arange(calendar.days)) >= 6
    usual = CAPACITY * leads / calendar.days
    return np.maximum(1, np.round(np.where(weekend, WEEKEND_CAPACITY, 1.0) * usual)).astype(np.int64)


def calls(rng: Generator, calendar: Calendar, people: People) -> Calls:
    """Without scores sellers take the day's leads in random order until the day is over."""
    possible = capacity(calendar, len(people))[people.day]
    on_day = np.bincount(people.day, minlength=calendar.days)[people.day]
    # Within a day at random: in the simulated past no score decided who was called.
    order = np.lexsort((rng.random(len(people)), people.day))
    rank = np.empty(len(people), dtype=np.int64)
    first_of_day = np.searchsorted(people.day[order], people.day[order])
    rank[order] = np.arange(len(people)) - first_of_day
    delay = rng.uniform(*CALL_WITHIN, len(people)) * DAY
    # The share is the chance to be called, which the truth needs to weigh what may still happen.
    return Calls(np.minimum(1.0, possible / on_day), rank < possible, people.created + delay.astype(np.int64))


def outcomes(rng: Generator, people: People, chance: Floats) -> Outcomes:
    """Draw who is paid out, by each lead's chance given its call, and when that is decided."""
    paid = rng.random(len(people)) < chance
    uniform = rng.random(len(people))
    days = np.where(paid, truth.PAID_OUT.days(uniform), truth.LOST.days(uniform))
    decided = np.isfinite(days)
    closed = people.created + (np.where(decided, days, 0.0) * DAY).astype(np.int64)
    # Undecided leads stay open for ever: a model that counts them as failures would be found out.
    return Outcomes(paid, np.where(decided, closed, FOREVER))


def changes(rng: Generator, people: People, called: Calls, ended: Outcomes, after_shock: Bools) -> Changes:
    """The history of every case: new, contacted, under examination, approved, and how it ended."""
    n = len(people)
    lead = np.arange(n)
    decided = ended.closed < FOREVER
    span = np.where(decided, ended.closed - people.created, 30 * DAY).astype(float)
    examined = np.where(ended.paid, 1.0, 0.5) > rng.random(n)
    approved = np.where(ended.paid, 1.0, 0.08 * examined) > rng.random(n)
    contacted = np.where(
        called.is_called, called.at, people.created + (span * rng.uniform(0.1, 0.3, n)).astype(np.int64)
    )
    # Each step comes after the one before, whatever the random shares say.
    at_examination = np.maximum(contacted, people.created + (span * rng.uniform(0.3, 0.6, n)).astype(np.int64)) + 1
    at_approval = np.maximum(at_examination, people.created + (span * rng.uniform(0.65, 0.9, n)).astype(np.int64)) + 1
    status, reason = _endings(rng, people, ended, after_shock)
    steps = [
        (people.created, np.full(n, NEW), np.ones(n, dtype=bool)),
        (contacted, np.full(n, CONTACTED), contacted < ended.closed),
        (at_examination, np.full(n, EXAMINED), examined & (at_examination < ended.closed)),
        (at_approval, np.full(n, APPROVED), approved & (at_approval < ended.closed)),
        (ended.closed, status, decided),
    ]
    return _ordered(lead, steps, reason, people.amounts[:, 0])


def _ordered(lead: Ints, steps: list[tuple[Ints, Ints, Bools]], reason: Ints, loan: Floats) -> Changes:
    at = np.concatenate([at[happened] for at, _, happened in steps])
    status = np.concatenate([status[happened] for _, status, happened in steps])
    who = np.concatenate([lead[happened] for _, _, happened in steps])
    order = np.argsort(at, kind="stable")
    at, status, who = at[order], status[order], who[order]
    return Changes(
        lead=who,
        at=at,
        status=status,
        reason=np.where(status > PAID, reason[who], NO_REASON),
        amount=np.where(status == PAID, loan[who], np.nan),
    )


def _endings(rng: Generator, people: People, ended: Outcomes, after_shock: Bools) -> tuple[Ints, Ints]:
    """Status and reason with which each case ends, if it does."""
    loan, value, income, instalment = people.amounts.T
    limit = after_shock.astype(int)
    too_dear = instalment * 12 / income > np.array(INCOME_LIMITS)[limit]
    too_high = loan / value > np.array(VALUE_LIMITS)[limit]
    # Banks make exceptions: the rule is visible in the data, but not without noise.
    refused = (too_dear | too_high) & (rng.random(len(people)) < 0.8)
    other_endings = rng.choice(
        [INCOMPLETE, COMPETITOR, UNREACHED, NO_NEED, FALLEN_THROUGH], size=len(people), p=[0.14, 0.27, 0.25, 0.22, 0.12]
    )
    reason = np.where(refused, np.where(too_dear, LOW_INCOME, HIGH_LOAN), other_endings)
    status_of = np.array([GONE, REJECTED, REJECTED, REJECTED, GONE, GONE, WITHDRAWN, WITHDRAWN])
    return np.where(ended.paid, PAID, status_of[reason]), np.where(ended.paid, NO_REASON, reason)


def email_clicks(rng: Generator, people: People, rates: Floats, days: int) -> tuple[Ints, Ints]:
    """Clicks in newsletters in the `days` after creation: indices of leads and instants, a Poisson process."""
    lead = np.repeat(np.arange(len(people)), rng.poisson(rates * days))
    return lead, people.created[lead] + (rng.uniform(0, days, len(lead)) * DAY).astype(np.int64)
