"""Events, browsers and pages as flat columns: what `export.sql` nests as Google does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.simulation import site, traffic
from leadwerk.simulation.calendar import SECOND, Calendar
from leadwerk.simulation.events import Events
from leadwerk.simulation.forms import FIRST_LEAD
from leadwerk.simulation.traffic import Visitors
from leadwerk.simulation.visits import Sessions
from leadwerk.stats.arrays import Ints

Columns = dict[str, NDArray[np.generic]]
LOGIN_AFTER = 4 * SECOND
UNKNOWN = -1


@dataclass(frozen=True)
class Browsers:
    """Visitors, and the instant of each one's first event (UTC microseconds; 0 for those never seen)."""

    visitors: Visitors
    first_touch: Ints


def browsers(sessions: Sessions, events: Events, visitors: Visitors) -> Browsers:
    """The visitors with the time at which each was first seen."""
    first_touch = np.full(len(visitors), np.iinfo(np.int64).max)
    # The first event of all, in any session: GA4 builds the client id from this second.
    np.minimum.at(first_touch, sessions.visitor[events.session], events.at)
    first_touch[first_touch == np.iinfo(np.int64).max] = 0
    return Browsers(visitors, first_touch)


def tables(
    calendar: Calendar, sessions: Sessions, events: Events, browsers: Browsers, order: Ints, arrived: Ints
) -> dict[str, Columns]:
    """The tables that `export.sql` reads; events in `order`, each showing in the export from `arrived` on."""
    return {
        "events": _event_columns(calendar, sessions, events, order, arrived),
        "browsers": _browser_columns(browsers),
        "pages": _page_columns(),
    }


def _event_columns(calendar: Calendar, sessions: Sessions, events: Events, order: Ints, arrived: Ints) -> Columns:
    session = events.session
    opened, number = _session_starts(sessions, events)
    # The user id is sent with events after the login only, as GA4 does.
    logged_in = sessions.login[session] & (events.at >= opened[session] + LOGIN_AFTER)
    columns: Columns = {
        "day": calendar.day_of(events.at).astype(np.int32),
        "moment": events.at,
        "arrived": arrived,
        "event": np.arange(len(events)),
        "visitor": sessions.visitor[session].astype(np.int32),
        "session_id": opened[session] // SECOND,
        "session_number": number[session].astype(np.int32),
        "name": events.name.astype(np.int8),
        "page": events.page.astype(np.int8),
        "first": events.first,
        "engagement": events.engagement.astype(np.int32),
        "scrolled": events.scrolled.astype(np.int8),
        "lead": np.where(logged_in, FIRST_LEAD + sessions.person[session], UNKNOWN).astype(np.int32),
        **{f"amount_{at}": events.amounts[:, at] for at in range(4)},
    }
    return {name: column[order] for name, column in columns.items()}


def _session_starts(sessions: Sessions, events: Events) -> tuple[Ints, Ints]:
    """Instant of each session's first event, and the session's number among its visitor's."""
    opened = np.full(len(sessions), np.iinfo(np.int64).max)
    np.minimum.at(opened, events.session, events.at)
    order = np.lexsort((opened, sessions.visitor))
    visitor = sessions.visitor[order]
    number = np.empty(len(sessions), dtype=np.int64)
    # ga_session_number counts a visitor's sessions by time, from 1.
    number[order] = np.arange(len(order)) - np.searchsorted(visitor, visitor) + 1
    return opened, number


def _browser_columns(browsers: Browsers) -> Columns:
    visitors = browsers.visitors
    bot = np.isin(visitors.kind, [traffic.HEADLESS])
    devices = [*site.DEVICES, site.BOT_DEVICE]
    device = np.where(bot, len(site.DEVICES), visitors.device)
    second = browsers.first_touch // SECOND
    ids = np.char.add(np.char.add(visitors.client.astype(str), "."), second.astype(str))
    regions = site.REGIONS
    return {
        "visitor": np.arange(len(visitors), dtype=np.int32),
        "id": ids,
        "first_touch": browsers.first_touch,
        "consent": visitors.consent,
        "internal": visitors.kind == traffic.INTERNAL,
        "language": np.array(LANGUAGES)[visitors.language],
        "locale": np.array(["de-ch", "fr-ch", "it-ch", "en-us"])[visitors.language],
        "country": np.array([place.ga_country for place in regions])[visitors.region],
        "region": np.array([place.ga_region for place in regions])[visitors.region],
        "city": np.array([place.city for place in regions])[visitors.region],
        **{f"source_{f}": np.array([getattr(s, f) for s in site.SOURCES])[visitors.source] for f in _SOURCE_FIELDS},
        **{f"device_{f}": np.array([getattr(d, f) for d in devices])[device] for f in _DEVICE_FIELDS},
    }


_SOURCE_FIELDS = ("source", "medium", "campaign", "group")
_DEVICE_FIELDS = ("category", "system", "system_version", "brand", "model", "browser", "version")


def _page_columns() -> Columns:
    rows = [(language, page) for language in LANGUAGES for page in range(len(site.PAGES))]
    return {
        "language": np.array([language for language, _ in rows]),
        "page": np.array([page for _, page in rows], dtype=np.int8),
        "path": np.array([site.PATHS[language][page] for language, page in rows]),
        "title": np.array([site.TITLES[language][page] for language, page in rows]),
    }
