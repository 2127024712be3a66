"""The GA4 events that sessions leave behind, as flat columns; the nested export is made of them in `export`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.random import Generator

from leadwerk.simulation import site
from leadwerk.simulation.calendar import SECOND, Calendar
from leadwerk.simulation.people import People
from leadwerk.simulation.visits import NOBODY, Sessions, Views
from leadwerk.stats.arrays import Bools, Floats, Ints

SCROLLED, ENGAGED, DOWNLOADED, RECKONED, TWICE = 0.45, 0.92, 0.6, 0.85, 0.3
# How far the amounts of a try on the calculator lie from those the lead ends up with.
TRY_SPREAD = 0.12
NOT_SENT = -1


@dataclass(frozen=True)
class Events:
    """One row an event, shape (e,): `session`, `name` (index of site.EVENTS), `page`, `at` (UTC microseconds).

    `engagement` in milliseconds and `scrolled` in percent, NOT_SENT where the event has none; `amounts` (e, 4) as in
    People, NaN where not sent; `first` marks events that open a session.
    """

    session: Ints
    name: Ints
    page: Ints
    at: Ints
    engagement: Ints
    scrolled: Ints
    amounts: Floats
    first: Bools

    def __len__(self) -> int:
        return len(self.session)


def events(rng: Generator, people: People, sessions: Sessions, views: Views) -> Events:
    """All events of all sessions, unordered."""
    used = _some(rng, _picked(views, views.page == site.CALCULATOR), RECKONED)
    parts = [
        _opening(sessions, views),
        replace(_blank(views.session, site.PAGE_VIEW, views.page, views.at), first=views.first),
        _scrolls(rng, views),
        _engagements(rng, views),
        _named(views, site.SIMULATOR, site.VIEW_SIMULATOR, np.full(len(views.at), 0.05)),
        _named(_some(rng, views, DOWNLOADED), site.GUIDE, site.DOWNLOAD_GUIDE, None),
        # Some people try other amounts first: the last amounts of a visit must win.
        _calculations(rng, people, sessions, _some(rng, used, TWICE), 0.4, TRY_SPREAD),
        # The final amounts equal those of the form, so that overlaps can be checked.
        _calculations(rng, people, sessions, used, 0.9, 0.0),
        _form_sent(sessions),
        _logins(sessions, views),
    ]
    return joined(*parts)


def joined(*parts: Events) -> Events:
    """All events as one table."""
    return Events(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Events)})


def take_events(events: Events, index: Ints | Bools) -> Events:
    """The events at `index`, or those it marks."""
    return Events(**{f.name: getattr(events, f.name)[index] for f in fields(Events)})


def shifted(events: Events, sessions: int) -> Events:
    """The events of a table of sessions that is put behind `sessions` others."""
    # Sessions of both parts are concatenated: those of the second part move up.
    return replace(events, session=events.session + sessions)


def within(events: Events, calendar: Calendar) -> Events:
    """The events of the simulated period."""
    day = calendar.day_of(events.at)
    return take_events(events, (day >= 0) & (day < calendar.days))


def _blank(session: Ints, name: int | Ints, page: Ints, at: Ints) -> Events:
    n = len(session)
    return Events(
        session=session,
        name=np.broadcast_to(np.asarray(name, dtype=np.int64), (n,)).copy(),
        page=page,
        at=at,
        engagement=np.full(n, NOT_SENT, dtype=np.int64),
        scrolled=np.full(n, NOT_SENT, dtype=np.int64),
        amounts=np.full((n, 4), np.nan),
        first=np.zeros(n, dtype=bool),
    )


def _after(views: Views, share: float | Floats) -> Ints:
    """The instants at that share of each view's dwell."""
    return views.at + (views.dwell * share * SECOND).astype(np.int64)


def _some(rng: Generator, views: Views, share: float) -> Views:
    return _picked(views, rng.random(len(views.at)) < share)


def _picked(views: Views, keep: Bools) -> Views:
    return Views(**{f.name: getattr(views, f.name)[keep] for f in fields(Views)})


def _opening(sessions: Sessions, views: Views) -> Events:
    """session_start of every session, first_visit of every visitor's first one."""
    opening = _picked(views, views.first)
    start = _blank(opening.session, site.SESSION_START, opening.page, opening.at)
    order = np.lexsort((opening.at, sessions.visitor))
    newest = np.ones(len(order), dtype=bool)
    # The first visit of a visitor is the earliest session, whatever the order of the arrays.
    newest[1:] = np.diff(sessions.visitor[order]) != 0
    visit = _picked(opening, np.isin(np.arange(len(order)), order[newest]))
    first = _blank(visit.session, site.FIRST_VISIT, visit.page, visit.at)
    both = joined(start, first)
    return replace(both, first=np.ones(len(both), dtype=bool))


def _scrolls(rng: Generator, views: Views) -> Events:
    seen = _some(rng, views, SCROLLED)
    scroll = _blank(seen.session, site.SCROLL, seen.page, _after(seen, 0.35))
    return replace(scroll, scrolled=np.full(len(scroll), 90), engagement=(seen.dwell * 350).astype(np.int64))


def _engagements(rng: Generator, views: Views) -> Events:
    """Time on a page is reported when it is left: what a scroll has reported before is not reported again."""
    seen = _some(rng, views, ENGAGED)
    left = _blank(seen.session, site.ENGAGEMENT, seen.page, _after(seen, 0.97))
    return replace(left, engagement=(seen.dwell * 600).astype(np.int64))


def _named(views: Views, page: int, name: int, share: Floats | None) -> Events:
    on_page = views.page == page
    seen = _picked(views, on_page)
    return _blank(seen.session, name, seen.page, _after(seen, 0.5 if share is None else share[on_page]))


def _calculations(
    rng: Generator, people: People, sessions: Sessions, used: Views, share: float, spread: float
) -> Events:
    """Uses of the calculator at `share` of the view, with the lead's amounts or, given a `spread`, others near them."""
    person = sessions.person[used.session]
    # Strangers use the calculator as well; their amounts come from a person at random.
    somebody = rng.integers(0, len(people), len(person))
    intended_amounts = people.amounts[np.where(person == NOBODY, somebody, person)]
    entered_amounts = intended_amounts * np.exp(spread * rng.standard_normal((len(person), 1)))
    calculated = _blank(used.session, site.CALCULATED, used.page, _after(used, share))
    return replace(calculated, amounts=np.round(entered_amounts, -1))


def _form_sent(sessions: Sessions) -> Events:
    session = np.flatnonzero(sessions.form)
    return _blank(session, site.GENERATE_LEAD, np.full(len(session), site.CONTACT), sessions.start[session])


def _logins(sessions: Sessions, views: Views) -> Events:
    seen = _picked(views, views.first & sessions.login[views.session])
    return _blank(seen.session, site.LOGIN, seen.page, seen.at + 4 * SECOND)
