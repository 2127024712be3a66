"""Where a market is kept: HOME/market, apart from the warehouse, because the product must not see the truth.

| file          | what                                                        |
|---------------|-------------------------------------------------------------|
| market.json   | start, days, leads, seed, shock day                         |
| world.duckdb  | events, browsers and pages, flat; `publish` exports them    |
| cases.sqlite  | the CRM: leads, their changes, and what is patched in       |
| truth.npz     | what `true_probability` and `savings` reckon with           |
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.errors import ConfigurationError
from leadwerk.market import site, traffic
from leadwerk.market.calendar import SECOND, Calendar, Floats, Ints
from leadwerk.market.events import Events
from leadwerk.market.forms import FIRST_LEAD
from leadwerk.market.traffic import Visitors
from leadwerk.market.visits import Sessions

FOLDER, MARKET, WORLD, TRUTH = "market", "market.json", "world.duckdb", "truth.npz"
LOGIN_AFTER = 4 * SECOND
UNKNOWN = -1


class Market(msgspec.Struct, frozen=True):
    """The arguments a market was made with."""

    start: date
    days: int
    leads: int
    seed: int
    shock_day: int | None

    @property
    def calendar(self) -> Calendar:
        return Calendar.of(self.start, self.days)


@dataclass(frozen=True)
class Browsers:
    """Visitors, and the instant of each one's first event (UTC microseconds; 0 for those never seen)."""

    visitors: Visitors
    first_touch: Ints


def folder(home: Path) -> Path:
    """HOME/market.

    Raises:
        ConfigurationError: no market was simulated there.
    """
    found = Path(home) / FOLDER
    if not (found / MARKET).is_file():
        raise ConfigurationError(f"There is no simulated market in {found}.", remedy="Run `leadwerk market` first.")
    return found


def emptied(home: Path) -> Path:
    """HOME/market as a new, empty folder."""
    made = Path(home) / FOLDER
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


def write_market(folder: Path, market: Market) -> None:
    (folder / MARKET).write_bytes(msgspec.json.encode(market))


def read_market(home: Path) -> Market:
    """How the market in `home` was made."""
    return msgspec.json.decode((folder(home) / MARKET).read_bytes(), type=Market)


def write_truth(folder: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    np.savez(folder / TRUTH, **arrays)  # type: ignore[arg-type]


def read_truth(home: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of `simulate.truth_arrays`."""
    with np.load(folder(home) / TRUTH) as stored:
        return {name: stored[name] for name in stored.files}


def browsers(sessions: Sessions, events: Events, visitors: Visitors) -> Browsers:
    """The visitors with the time at which each was first seen."""
    first_touch = np.full(len(visitors), np.iinfo(np.int64).max)
    np.minimum.at(first_touch, sessions.visitor[events.session], events.at)
    first_touch[first_touch == np.iinfo(np.int64).max] = 0
    return Browsers(visitors, first_touch)


def write_traffic(
    folder: Path, calendar: Calendar, sessions: Sessions, events: Events, browsers: Browsers, order: Ints, arrived: Ints
) -> int:
    """Write events (in `order`, visible from `arrived` on), browsers and pages; return how many events."""
    tables = {
        "browsers": _browser_columns(browsers),
        "pages": _page_columns(),
        "events": _event_columns(calendar, sessions, events, order, arrived),
    }
    with duckdb.connect(str(folder / WORLD)) as world:
        for name, columns in tables.items():
            world.register("columns", columns)
            world.execute(f"CREATE TABLE {name} AS SELECT * FROM columns")  # noqa: S608
            world.unregister("columns")
    return len(order)


def _event_columns(
    calendar: Calendar, sessions: Sessions, events: Events, order: Ints, arrived: Ints
) -> dict[str, NDArray[np.generic]]:
    session = events.session
    opened, number = _session_starts(sessions, events)
    logged_in = sessions.login[session] & (events.at >= opened[session] + LOGIN_AFTER)
    columns: dict[str, NDArray[np.generic]] = {
        "day": calendar.day_of(events.at).astype(np.int32),
        "at": events.at,
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
    number[order] = np.arange(len(order)) - np.searchsorted(visitor, visitor) + 1
    return opened, number


def _browser_columns(browsers: Browsers) -> dict[str, NDArray[np.generic]]:
    visitors = browsers.visitors
    bot = np.isin(visitors.kind, [traffic.HEADLESS])
    devices = [*site.DEVICES, site.BOT_DEVICE]
    device = np.where(bot, len(site.DEVICES), visitors.device)
    second = browsers.first_touch // SECOND
    ids = np.char.add(np.char.add(visitors.client.astype(str), "."), second.astype(str))
    places = site.REGIONS
    return {
        "visitor": np.arange(len(visitors), dtype=np.int32),
        "id": ids,
        "first_touch": browsers.first_touch,
        "consent": visitors.consent,
        "internal": visitors.kind == traffic.INTERNAL,
        "language": np.array(site.LANGUAGES)[visitors.language],
        "locale": np.array(["de-ch", "fr-ch", "it-ch", "en-us"])[visitors.language],
        "country": np.array([place.ga_country for place in places])[visitors.region],
        "region": np.array([place.ga_region for place in places])[visitors.region],
        "city": np.array([place.city for place in places])[visitors.region],
        **{f"source_{f}": np.array([getattr(s, f) for s in site.SOURCES])[visitors.source] for f in _SOURCE_FIELDS},
        **{f"device_{f}": np.array([getattr(d, f) for d in devices])[device] for f in _DEVICE_FIELDS},
    }


_SOURCE_FIELDS = ("source", "medium", "campaign", "group")
_DEVICE_FIELDS = ("category", "system", "system_version", "brand", "model", "browser", "version")


def _page_columns() -> dict[str, NDArray[np.generic]]:
    rows = [(language, page) for language in site.LANGUAGES for page in range(len(site.PAGES))]
    return {
        "language": np.array([language for language, _ in rows]),
        "page": np.array([page for _, page in rows], dtype=np.int8),
        "path": np.array([site.PATHS[language][page] for language, page in rows]),
        "title": np.array([site.TITLES[language][page] for language, page in rows]),
    }
