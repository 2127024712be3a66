"""Sessions on the web site and the pages seen in them, before a lead is created, after it, and by passers-by."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from leadwerk.simulation.calendar import DAY, SECOND, Calendar
from leadwerk.simulation.people import FORM, HOUR_SHARES, People
from leadwerk.simulation.site import CONTACT, PAGES
from leadwerk.stats.arrays import Bools, Floats, Ints

NOBODY = -1
# Chance of each page by kind of visitor: passing, curious, keen, job seeker. Columns as in PAGES.
INTERESTS = np.array(
    [
        [0.24, 0.20, 0.05, 0.11, 0.03, 0.03, 0.02, 0.25, 0.02, 0.05],
        [0.14, 0.20, 0.14, 0.15, 0.07, 0.10, 0.04, 0.12, 0.01, 0.03],
        [0.08, 0.13, 0.22, 0.19, 0.11, 0.17, 0.05, 0.04, 0.00, 0.01],
        [0.16, 0.10, 0.03, 0.04, 0.02, 0.01, 0.03, 0.09, 0.40, 0.12],
    ]
)
PASSING, CURIOUS, KEEN, JOB_SEEKING = range(len(INTERESTS))
# Median seconds on each page, columns as in PAGES.
DWELL = np.array([14.0, 28.0, 75.0, 55.0, 40.0, 90.0, 70.0, 60.0, 45.0, 20.0])
LONGEST_DWELL = 1500.0
MOST_PAGES = 12
VISITS_BEFORE_DAYS = 9.0
RETURN_DAYS, RETURN_AFTER = 30, 600 * SECOND


@dataclass(frozen=True)
class Sessions:
    """One row a session, shape (s,): who (index of People or NOBODY) on which visitor (browser), when, how it begins.

    `form` marks the session in which the lead sends the form, `login` one in which a known lead logs in.
    """

    person: Ints
    visitor: Ints
    start: Ints
    pages: Ints
    interest: Ints
    form: Bools
    login: Bools

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class Views:
    """One row a page view, shape (v,), ordered by session: `at` in UTC microseconds, `dwell` in seconds."""

    session: Ints
    page: Ints
    at: Ints
    dwell: Floats
    first: Bools


def sessions_before(rng: Generator, people: People) -> Sessions:
    """What people did before they became leads; the last session of those who use the form ends by sending it."""
    n = len(people)
    earlier = rng.poisson(np.exp(0.15 + 0.55 * people.intent)).clip(0, 9)
    of = np.repeat(np.arange(n), earlier)
    # At least two hours before the form, so that visits and form never share a session.
    lag = rng.exponential(VISITS_BEFORE_DAYS * DAY, len(of)).astype(np.int64) + 2 * 3600 * SECOND
    interest = _interest(people)
    senders = np.flatnonzero(people.channel == FORM)
    person = np.concatenate([of, senders])
    count = len(person)
    form = np.arange(count) >= len(of)
    return Sessions(
        person=person,
        visitor=person,
        start=people.created[person] - np.concatenate([lag, np.zeros(len(senders), dtype=np.int64)]),
        pages=1 + rng.poisson(np.exp(0.75 + 0.25 * people.intent[person])).clip(0, MOST_PAGES - 1),
        interest=interest[person],
        form=form,
        login=np.zeros(count, dtype=bool),
    )


def _interest(people: People) -> Ints:
    kind = np.where(people.intent > 0.6, KEEN, np.where(people.intent > -0.6, CURIOUS, PASSING))
    return np.where(people.job_seeker, JOB_SEEKING, kind).astype(np.int64)


def sessions_after(rng: Generator, people: People, rate: Floats) -> Sessions:
    """Return visits in the RETURN_DAYS after creation, a Poisson process of `rate` visits a day, shape (n,).

    People with a second device use it in half of these visits, and log in there, which links the two browsers.
    """
    person = np.repeat(np.arange(len(people)), rng.poisson(rate * RETURN_DAYS))
    count = len(person)
    # Only people who are linked may show a second device by logging in.
    second = people.second_device[person] & people.linked[person] & (rng.random(count) < 0.5)
    return Sessions(
        person=person,
        visitor=np.where(second, person + len(people), person),
        start=people.created[person] + (rng.uniform(0, RETURN_DAYS, count) * DAY).astype(np.int64) + RETURN_AFTER,
        pages=1 + rng.poisson(1.6, count).clip(0, MOST_PAGES - 1),
        interest=np.full(count, CURIOUS),
        form=np.zeros(count, dtype=bool),
        login=second | (people.linked[person] & (rng.random(count) < 0.1)),
    )


def passers_by(rng: Generator, calendar: Calendar, visitors: int, first_visitor: int) -> Sessions:
    """Visitors who never become leads; every fourth comes twice."""
    person = np.concatenate([np.arange(visitors), rng.choice(visitors, visitors // 4, replace=False)])
    count = len(person)
    day = rng.integers(0, calendar.days, count)
    hour = rng.choice(24, size=count, p=HOUR_SHARES / HOUR_SHARES.sum())
    return Sessions(
        person=np.full(count, NOBODY),
        visitor=first_visitor + person,
        start=calendar.instant(day, hour * 3600.0 + rng.uniform(0, 3600, count)),
        pages=1 + rng.poisson(0.9, count).clip(0, MOST_PAGES - 1),
        interest=np.where(rng.random(count) < 0.04, JOB_SEEKING, PASSING),
        form=np.zeros(count, dtype=bool),
        login=np.zeros(count, dtype=bool),
    )


def joined(*parts: Sessions) -> Sessions:
    """All sessions as one table."""
    return Sessions(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Sessions)})


def views(rng: Generator, sessions: Sessions) -> Views:
    """The page views of all sessions. A form session ends on the contact page at its `start`, the lead's creation."""
    session = np.repeat(np.arange(len(sessions)), sessions.pages)
    first_of = np.cumsum(sessions.pages) - sessions.pages
    last = np.zeros(len(session), dtype=bool)
    last[first_of + sessions.pages - 1] = True
    page = _pages(rng, sessions.interest[session])
    page[last & sessions.form[session]] = CONTACT
    dwell = np.minimum(DWELL[page] * np.exp(0.8 * rng.standard_normal(len(page))), LONGEST_DWELL) + 2.0
    passed = np.cumsum(dwell)
    before = passed - dwell - (passed - dwell)[first_of][session]
    whole = np.add.reduceat(dwell, first_of)[session]
    offset = before - np.where(sessions.form[session], whole, 0.0)
    at = sessions.start[session] + (offset * SECOND).astype(np.int64)
    is_first = np.zeros(len(session), dtype=bool)
    is_first[first_of] = True
    return Views(session, page, at, dwell, is_first)


def _pages(rng: Generator, interest: Ints) -> Ints:
    cumulated = np.cumsum(INTERESTS / INTERESTS.sum(axis=1, keepdims=True), axis=1)[:, : len(PAGES) - 1]
    drawn = rng.random(len(interest))
    page = np.empty(len(interest), dtype=np.int64)
    for kind, edges in enumerate(cumulated):
        of_kind = interest == kind
        page[of_kind] = np.searchsorted(edges, drawn[of_kind])
    return page
