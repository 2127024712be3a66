# ruff: noqa: S608 (table names come from our own files)
"""Nightly extract late and early in a project's life, against a full rebuild, and that against SQL written by hand."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from string import Template

import duckdb

from benchmarks.figure import Figure
from leadwerk import simulation
from leadwerk.pipeline import extract
from leadwerk.pipeline.extract_messages import ExtractReport
from leadwerk.policy.load import load
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse

# Days since the start; the same weekday, so that both nights read about as many events.
EARLY, LATE = 29, 120
REPEATS = 5
LIMITS = {"late": "≤ 1.2", "share": "≤ 0.125", "by hand": "≥ 0.8"}
# Named table by table: over a union of whole tables DuckDB reads every field of every record.
FIELDS = """
  event_timestamp, batch_page_id, batch_ordering_id, batch_event_index, event_name, user_id, user_pseudo_id,
  event_params, coalesce(device.web_info.browser, device.browser, '') AS browser,
  device.category AS device_category, device.language AS device_language, geo.country AS country, geo.region AS region,
  session_traffic_source_last_click.cross_channel_campaign AS shown,
  coalesce(session_traffic_source_last_click.google_ads_campaign.campaign_id, collected_traffic_source.gclid) AS ad,
  session_traffic_source_last_click.manual_campaign AS tagged, collected_traffic_source AS collected,
  traffic_source.source AS first_source, traffic_source.medium AS first_medium
"""
TEXTS = {"location": "page_location", "own": "traffic_type", "session_source": "source", "session_medium": "medium"}
NUMBERS = {"session_number": "ga_session_id", "engagement": "engagement_time_msec", "scroll": "percent_scrolled"}
AMOUNTS = {
    "loan_amount": "loan_amount",
    "property_value": "property_value",
    "income": "yearly_income",
    "instalment": "monthly_instalment",
}

# An amount's digits out of CHF 1'250'000.– and 350.000,00 €; {} is the text.
PLAIN = r"regexp_replace(lower({}), 'chf|eur|fr\.|€|[''’\s\x{a0}\x{202f}]|[.,]?[-–—]*$', '', 'g')"
GROUPED = r"^([1-9][0-9]{0,2})[.,]([0-9]{3})(?:[.,]([0-9]{3}))?(?:[.,]([0-9]{3}))?(?:[.,]([0-9]{1,2}))?$"
AMOUNT = rf"replace(regexp_replace({PLAIN}, '{GROUPED}', '\1\2\3\4.\5'), ',', '.')"
SIGNAL = "{name: s.name, events: s.events, seconds: round(s.seconds, 6), last_at: s.last_at}"
COMPARED = {
    "activity_events": ", ".join(field.name for field in schema.table("activity_events").fields),
    # The last digit of a sum of fractions depends on the order in which they are added.
    "activity_daily": ", ".join(
        {"seconds": "round(seconds, 6)", "signals": f"list_transform(signals, lambda s: {SIGNAL})"}.get(
            field.name, field.name
        )
        for field in schema.table("activity_daily").fields
    ),
    "extract_runs": ", ".join(("day", *extract.COUNTS)),
}


def run() -> Iterable[Figure]:
    """Ratios of wall time, measured in turns; each night's events are checked to be alike."""
    with tempfile.TemporaryDirectory(prefix="extract-") as folder:
        homes = {day: home(Path(folder), day) for day in (EARLY, LATE)}
        for day in homes:
            rebuild(homes[day], day)
        nights = [[seconds(partial(nightly, homes[day], day)) for day in homes] for _ in range(REPEATS)]
        events = [nightly(homes[day], day).events_read for day in homes]
        turns = [(seconds(lambda: rebuild(homes[LATE], LATE)), seconds(lambda: by_hand(homes[LATE])))
                 for _ in range(REPEATS)]  # fmt: skip
        whole, hand = [by_hand_seconds for by_hand_seconds, _ in turns], [other for _, other in turns]
        assert_same_tables(homes[LATE])
    yield Figure.of(f"nightly extract, day {LATE}", [late for _, late in nights], unit="s")
    yield Figure.of(
        f"nightly extract, day {LATE} by day {EARLY} ({events[1]} by {events[0]} events)",
        [late / early for early, late in nights],
        unit="×",
        target=LIMITS["late"],
    )
    yield Figure.of(
        f"nightly extract by full rebuild, day {LATE}",
        [late / full for (_, late), full in zip(nights, whole, strict=True)],
        unit="×",
        target=LIMITS["share"],
    )
    yield Figure.of(
        "speed of the full rebuild by SQL written by hand",
        [by_hand_seconds / full for by_hand_seconds, full in zip(hand, whole, strict=True)],
        unit="×",
        target=LIMITS["by hand"],
    )


def home(folder: Path, day: int) -> Path:
    """A market as its export looks in the morning of this day."""
    original = folder / "market"
    if not original.exists():
        simulation.simulate(original)
    copy = folder / f"day{day}"
    shutil.copytree(original, copy)
    simulation.publish(copy, moment(day))
    return copy


def moment(day: int) -> datetime:
    """Five in the morning, UTC, of this day since the market's start."""
    return datetime(2026, 1, 5, 5, tzinfo=UTC) + timedelta(days=day)


def nightly(folder: Path, day: int) -> ExtractReport:
    """What every night does: D-1 … D-4 and today."""
    return extract.run(DuckDBWarehouse(folder), load("mortgage"), now=moment(day))


def rebuild(folder: Path, day: int) -> ExtractReport:
    """All days, into an empty warehouse."""
    (folder / "warehouse.duckdb").unlink(missing_ok=True)
    return nightly(folder, day)


def by_hand(folder: Path) -> None:
    """The same rows of the same tables by DuckDB alone, in one go."""
    file = folder / "by_hand.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{folder / 'ga4.duckdb'}' AS ga4 (READ_ONLY)")
        connection.execute(hand_written(connection))


def assert_same_tables(folder: Path) -> None:
    """Both ways wrote the same rows: events, days and counts, in every column; without leads no login links."""
    with duckdb.connect(str(folder / "by_hand.duckdb")) as connection:
        connection.execute(f"ATTACH '{folder / 'warehouse.duckdb'}' AS built (READ_ONLY)")
        for table, columns in COMPARED.items():
            ours = f"SELECT {columns} FROM built.leadwerk.{table}"
            theirs = f"SELECT {columns} FROM main.{table}"
            odd = f"SELECT count(*) FROM (({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours}))"
            if connection.execute(odd).fetchone() != (0,):
                raise AssertionError(f"The SQL written by hand yields other rows of {table}.")


def hand_written(connection: duckdb.DuckDBPyConnection) -> str:
    """The SQL file with its lists of tables and keys filled in."""
    in_export = "table_catalog = 'ga4' AND table_schema = 'main' ORDER BY 1"
    table_names = connection.execute(f"SELECT table_name FROM information_schema.tables WHERE {in_export}").fetchall()
    tables = [name for (name,) in table_names]
    days = [name[-8:] for name in tables]
    text = Path(__file__).with_name("extract_by_hand.sql").read_text(encoding="utf-8")
    return Template(text).substitute(
        export=" UNION ALL ".join(f"SELECT '{name[-8:]}' AS suffix, {FIELDS} FROM ga4.{name}" for name in tables),
        first=f"{date.fromisoformat(days[0])}",
        last=f"{date.fromisoformat(max(days))}",
        lookups=", ".join(
            [text_of(*pair) for pair in TEXTS.items()]
            + [number_of(name, key, "{}") for name, key in NUMBERS.items()]
            + [number_of(name, key, AMOUNT) for name, key in AMOUNTS.items()]
        ),
        amounts=", ".join(f"CASE WHEN {name} > 0 AND {name} <= 1e12 THEN {name} END AS {name}" for name in AMOUNTS),
    )


def text_of(name: str, key: str) -> str:
    """The text of this key's first parameter."""
    return f"{first_of('texts', key)} AS {name}"


def number_of(name: str, key: str, written: str) -> str:
    """The number of this key's first parameter, from whichever field it is in; `written` says how to read its text."""
    parsed = f"try_cast({written.replace('{}', first_of('texts', key))} AS DOUBLE)"
    return f"coalesce({first_of('numbers', key)}, {parsed}) AS {name}"


def first_of(values: str, key: str) -> str:
    """The value, in this list, of this key's first parameter."""
    return f"{values}[list_position(keys, '{key}')]"


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
