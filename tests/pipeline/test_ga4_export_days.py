"""Which days a run reads, and from which tables."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, strategies as st

from leadwerk.pipeline.ga4_export_days import (
    CHUNK_DAYS,
    DAY,
    Ga4Export,
    arrived,
    chunks,
    due,
    expected,
    export,
    tables_to_read,
)
from leadwerk.warehouse.duckdb_ga4_export import in_range

TODAY = date(2026, 3, 30)
days = st.integers(0, 2 * CHUNK_DAYS).map(lambda age: TODAY - age * DAY)
exports = st.builds(
    Ga4Export,
    daily=st.frozensets(days),
    intraday=st.frozensets(days, max_size=4),
    fresh=st.frozensets(days, max_size=4),
)


def ago(*ages: int) -> frozenset[date]:
    """Days before today."""
    return frozenset(TODAY - age * DAY for age in ages)


def test_a_night_after_a_read_night_takes_the_corrected_days_and_today() -> None:
    exported = Ga4Export(daily=ago(*range(1, 60)), intraday=ago(0))
    assert due(exported, dict.fromkeys(exported.daily, "daily"), TODAY, 400) == sorted(ago(0, 1, 2, 3, 4))


def test_a_run_during_the_day_takes_what_came_since_the_night() -> None:
    streaming = Ga4Export(daily=ago(*range(2, 60)), intraday=ago(0, 1))
    night = dict.fromkeys(streaming.daily, "daily") | {TODAY - DAY: "intraday"}
    assert arrived(streaming, night, TODAY) == sorted(ago(0, 1))
    whole = Ga4Export(daily=ago(*range(1, 60)), intraday=ago(0))
    assert arrived(whole, night, TODAY) == sorted(ago(0, 1))
    daily_alone = Ga4Export(daily=ago(*range(1, 60)), intraday=frozenset())
    assert arrived(daily_alone, dict.fromkeys(ago(*range(2, 60)), "daily"), TODAY) == sorted(ago(1))
    assert arrived(daily_alone, dict.fromkeys(daily_alone.daily, "daily"), TODAY) == []


def test_a_fresh_daily_table_is_read_while_it_grows_and_until_the_daily_one_comes() -> None:
    growing = Ga4Export(daily=ago(*range(2, 60)), fresh=ago(0, 1), intraday=ago(0))
    night = dict.fromkeys(growing.daily, "daily") | dict.fromkeys(ago(0, 1), "fresh")
    assert growing.source(TODAY) == "fresh"
    assert arrived(growing, night, TODAY) == sorted(ago(0, 1))
    afternoon = Ga4Export(daily=ago(*range(1, 60)), fresh=ago(0), intraday=ago(0))
    assert arrived(afternoon, night, TODAY) == sorted(ago(0, 1))
    assert afternoon.source(TODAY - DAY) == "daily"


def test_an_empty_warehouse_takes_all_days() -> None:
    exported = Ga4Export(daily=ago(*range(1, 60)), intraday=ago(0))
    assert due(exported, {}, TODAY, 400) == sorted(exported.days)


def test_a_day_that_was_missing_or_only_intraday_is_caught_up_with_the_day_after_it() -> None:
    exported = Ga4Export(daily=ago(*range(1, 60)), intraday=frozenset())
    extracted = dict.fromkeys(exported.daily, "daily") | {TODAY - 30 * DAY: "missing", TODAY - 20 * DAY: "intraday"}
    assert due(exported, extracted, TODAY, 400) == sorted(ago(1, 2, 3, 4, 19, 20, 29, 30))


def test_days_that_retention_would_drop_and_days_to_come_are_left_alone() -> None:
    exported = Ga4Export(daily=ago(-1, 1, 500), intraday=frozenset())
    assert due(exported, {}, TODAY, 400) == sorted(ago(1))


def test_days_before_the_export_began_are_not_missed() -> None:
    assert expected(Ga4Export(daily=ago(2), intraday=ago(0)), TODAY) == sorted(ago(1, 2))


def test_without_streaming_yesterday_is_not_missed_before_google_writes_it() -> None:
    assert expected(Ga4Export(daily=ago(2, 3), intraday=frozenset()), TODAY) == sorted(ago(2, 3))
    assert expected(Ga4Export(daily=ago(3), intraday=frozenset()), TODAY) == sorted(ago(2, 3))


def test_tables_of_other_kinds_are_not_days() -> None:
    exported = export(
        ["events_20260329", "events_intraday_20260330", "events_fresh_20260329", "users_20260329", "events_flat"]
    )
    assert exported == Ga4Export(daily=ago(1), intraday=ago(0), fresh=ago(1))
    assert exported.source(TODAY - DAY) == "daily"


@given(st.frozensets(days))
def test_chunks_cover_the_days_and_nothing_between(due_days: frozenset[date]) -> None:
    covered = [
        first + timedelta(days=step)
        for first, last in chunks(sorted(due_days))
        for step in range((last - first).days + 1)
    ]
    assert covered == sorted(due_days)
    assert all((last - first).days < CHUNK_DAYS for first, last in chunks(sorted(due_days)))


@given(exports, days, st.integers(0, 9))
def test_no_day_is_read_from_two_tables(exported: Ga4Export, first: date, length: int) -> None:
    last = first + length * DAY
    read = tables_to_read(exported, first, last)
    parameters = {name: value for kind in read.values() for name, value in kind.items()}
    kinds = {"events": exported.daily, "events_fresh": exported.fresh, "events_intraday": exported.intraday}
    tables = [f"{kind}_{day:%Y%m%d}" for kind, of_kind in kinds.items() for day in of_kind]
    selected = [table for table in tables if table.startswith(tuple(read)) and in_range(table, parameters)]
    assert sorted(table[-8:] for table in selected) == [
        f"{d:%Y%m%d}" for d in sorted(exported.days) if first <= d <= last
    ]


def test_a_kind_without_a_table_is_not_read_since_bigquery_refuses_its_wildcard() -> None:
    exported = export(["events_20260327", "events_20260328", "events_intraday_20260329"])
    assert [*tables_to_read(exported, date(2026, 3, 27), date(2026, 3, 28))] == ["events_2"]
    assert [*tables_to_read(exported, date(2026, 3, 29), date(2026, 3, 29))] == ["events_intraday_2"]
    assert [*tables_to_read(exported, date(2026, 3, 27), date(2026, 3, 29))] == ["events_2", "events_intraday_2"]
