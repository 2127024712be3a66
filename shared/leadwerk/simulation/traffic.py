"""All traffic of the site: leads, passers-by, and what an analyst must remove: machines, own people, repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from leadwerk.simulation import site, visits
from leadwerk.simulation.calendar import DAY, HOUR, SECOND, Calendar
from leadwerk.simulation.events import Events
from leadwerk.simulation.people import ANALYTICS_CONSENT, People
from leadwerk.simulation.visits import NOBODY, PASSING, Sessions
from leadwerk.stats.arrays import Bools, Ints

HUMAN, INTERNAL, HEADLESS, HEAVY = range(4)
PASSERS_PER_LEAD = 2.0
HEADLESS_PER_DAY, OWN_VISITS_PER_DAY = 2.0, 3.0
HEAVY_EVERY_DAYS, HEAVY_PAGES = 20, 1200
REPEATED, LATE = 0.008, 0.015
LATEST_DAYS = 3


@dataclass(frozen=True)
class Visitors:
    """One row a browser, shape (v,); codes index the tuples of `site`. `consent` False: the export hides its id."""

    kind: Ints
    region: Ints
    language: Ints
    source: Ints
    device: Ints
    consent: Bools
    client: Ints

    def __len__(self) -> int:
        return len(self.kind)


def other_visitors(rng: Generator, calendar: Calendar, leads: int) -> tuple[Sessions, Ints]:
    """Sessions of everybody who is no lead; the kinds of their visitors, which are numbered from 2 * leads on.

    Visitors 0 … leads - 1 are the leads' browsers, leads … 2 * leads - 1 their second ones.
    """
    passing = visits.passers_by(rng, calendar, int(PASSERS_PER_LEAD * leads), 2 * leads)
    parts, kinds = [passing], [np.full(int(PASSERS_PER_LEAD * leads), HUMAN)]
    for kind, starts, pages in _unwanted(rng, calendar):
        # Visitor numbers: n people, their n second devices, then everyone else.
        first = 2 * leads + sum(map(len, kinds))
        parts.append(_strangers(starts, pages, first))
        kinds.append(np.full(len(starts), kind))
    return visits.joined(*parts), np.concatenate(kinds)


def _unwanted(rng: Generator, calendar: Calendar) -> list[tuple[int, Ints, Ints]]:
    """Kind, starts and page counts of visits that must not count."""
    days = calendar.days
    length = calendar.end - int(calendar.boundaries[0])

    def anywhere(per_day: float) -> Ints:
        count = max(1, int(per_day * days))
        starts: Ints = calendar.boundaries[0] + (rng.random(count) * length).astype(np.int64)
        return starts

    staff, machine = anywhere(OWN_VISITS_PER_DAY), anywhere(HEADLESS_PER_DAY)
    # Half an hour after midnight: such visits must not spill into another day.
    heavy = calendar.boundaries[:-1][HEAVY_EVERY_DAYS // 2 :: HEAVY_EVERY_DAYS] + HOUR // 2
    return [
        (INTERNAL, staff, rng.integers(1, 8, len(staff))),
        (HEADLESS, machine, rng.integers(1, 12, len(machine))),
        (HEAVY, heavy, np.full(len(heavy), HEAVY_PAGES)),
    ]


def _strangers(starts: Ints, pages: Ints, first_visitor: int) -> Sessions:
    n = len(starts)
    nothing = np.zeros(n, dtype=bool)
    who = first_visitor + np.arange(n)
    return Sessions(np.full(n, NOBODY), who, starts, pages, np.full(n, PASSING), nothing, nothing)


def visitors(rng: Generator, people: People, other_kinds: Ints) -> Visitors:
    """All browsers. A second device is another device of the same person, found directly."""
    n, m = len(people), len(other_kinds)
    human = other_kinds == HUMAN

    def both(mine: Ints, second: Ints, drawn: Ints) -> Ints:
        return np.concatenate([mine, second, drawn])

    region = rng.choice(len(site.REGIONS), m, p=_shares([place.share for place in site.REGIONS]))
    source = rng.choice(len(site.SOURCES), m, p=_shares([source.share for source in site.SOURCES]))
    device = rng.choice(len(site.DEVICES), m, p=_shares([device.share for device in site.DEVICES]))
    # Machines and staff never see the banner's refusal; only people decline.
    consent = np.where(human, rng.random(m) < ANALYTICS_CONSENT, True)
    return Visitors(
        kind=both(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), other_kinds),
        region=both(people.region, people.region, region),
        language=both(people.language, people.language, people.language[rng.integers(0, n, m)]),
        source=both(people.source, np.full(n, site.DIRECT), source),
        device=both(people.device, (people.device + 3) % len(site.DEVICES), device),
        consent=np.concatenate([people.analytics_consent, people.analytics_consent, consent]),
        client=rng.integers(100_000_000, 2_147_483_647, 2 * n + m),
    )


def _shares(shares: list[float]) -> list[float]:
    return [share / sum(shares) for share in shares]


def arrivals(rng: Generator, calendar: Calendar, events: Events) -> Ints:
    """When the export shows each event: at once, or for a few of them at a noon within the LATEST_DAYS days after."""
    late = rng.random(len(events)) < LATE
    days_after = rng.integers(1, LATEST_DAYS + 1, len(events))
    # GA4 writes late events into the table of the day on which they happened, at noon of a later day.
    next_midnight = calendar.boundaries[calendar.day_of(events.at) + 1]
    noon = next_midnight + (days_after - 1) * DAY + 12 * HOUR
    return np.where(late, noon, events.at + 30 * SECOND)


def repeats(rng: Generator, events: Events) -> Ints:
    """Indices of all events, in order of time, a few of them twice: exports repeat rows."""
    # Whole rows come twice, as a repeated upload of a browser makes them.
    again = rng.choice(len(events), int(REPEATED * len(events)), replace=False)
    index = np.concatenate([np.arange(len(events)), again])
    return index[np.argsort(events.at[index], kind="stable")]
