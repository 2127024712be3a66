"""extract: idempotent by day, whatever comes late, twice or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from leadwerk.errors import InputError, MissingTable, WarehouseError
from leadwerk.pipeline import extract
from leadwerk.pipeline.extract_messages import ExtractReport, RequestedDays
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.duckdb_file import DuckDBFile
from leadwerk.warehouse.statement import from_text
from support.export_rows import drop_export, event, write_export

NOW = datetime(2026, 3, 30, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = load("mortgage")
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "ga4-export-samples" / "events.ndjson"
BUILT = ("activity_events", "activity_daily", "identities")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with an export of 25 to 29 March, and today's intraday table."""
    days = {f"202603{day}": [*visits(day)] for day in range(25, 30)}
    write_export(tmp_path, days | {"intraday_20260330": [event("2026-03-30 03:00")]})
    return tmp_path


def visits(day: int) -> Iterator[dict[str, Any]]:
    """Two visitors a day, one staying over midnight, and a repeat."""
    suffix = f"202603{day}"
    night = f"2026-03-{day} 21:59" if day >= 29 else f"2026-03-{day} 22:59"
    yield event(f"2026-03-{day} 12:00", suffix=suffix, user_id="L7")
    yield event(f"2026-03-{day} 12:00", suffix=suffix, user_id="L7")
    yield event(night, suffix=suffix, user_pseudo_id="owl", parameters={"ga_session_id": {"int_value": day}})
    before = f"2026-03-{day - 1} 23:01"
    yield event(before, suffix=suffix, user_pseudo_id="owl", parameters={"ga_session_id": {"int_value": day - 1}})


def contents(home: Path, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables but the moment of their writing, sorted."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {
            table: sorted(
                connection.execute(f"SELECT COLUMNS(c -> c != 'stored_at') FROM leadwerk.{table}").fetchall(), key=repr
            )
            for table in tables
        }


def run(home: Path, now: datetime = NOW, **days: Any) -> ExtractReport:
    """Extract in this folder."""
    named = {name.removesuffix("_day"): value for name, value in days.items()}
    return extract.run(DuckDBWarehouse(home), POLICY, now=now, requested=RequestedDays(**named))


def test_an_empty_warehouse_reads_every_day_there_is(home: Path) -> None:
    report = run(home)
    assert [(day.day.day, day.source) for day in report.days] == [
        *((day, "daily") for day in range(25, 30)),
        (30, "intraday"),
    ]
    assert (report.events_read, report.duplicates, report.events_kept, report.missing) == (21, 5, 16, 0)


def test_a_second_run_changes_nothing(home: Path) -> None:
    run(home)
    before = contents(home, *BUILT, "extract_runs")
    run(home)
    assert contents(home, *BUILT, "extract_runs") == before


@pytest.mark.slow
def test_day_by_day_and_all_at_once_yield_the_same(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for day in range(26, 31):
        run(home, now=datetime(2026, 3, day, 4, tzinfo=UTC))
    other = tmp_path_factory.mktemp("at_once")
    write_export(other, {f"202603{day}": [*visits(day)] for day in range(25, 30)})
    write_export(other, {"intraday_20260330": [event("2026-03-30 03:00")]})
    run(other)
    assert contents(home, *BUILT) == contents(other, *BUILT)


@pytest.mark.slow
def test_days_read_before_those_that_precede_them_end_up_the_same(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(home, other, dirs_exist_ok=True)
    run(home)
    run(other, first_day=date(2026, 3, 27), last_day=date(2026, 3, 27))
    run(other)
    assert contents(home, "activity_events", "activity_daily") == contents(other, "activity_events", "activity_daily")


@pytest.mark.slow
def test_what_was_under_way_before_the_days_read_is_known_without_the_export(home: Path) -> None:
    run(home)
    before = contents(home, *BUILT)
    drop_export(home, "20260325")
    run(home)
    assert contents(home, *BUILT) == before
    assert run(home).days[0].day == date(2026, 3, 26)


@pytest.mark.slow
def test_a_night_opens_the_warehouse_once_and_every_half_year_of_a_rebuild_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bool] = []
    plain = DuckDBFile._open
    monkeypatch.setattr(DuckDBFile, "_open", lambda self, writing: opened.append(writing) or plain(self, writing))
    run(home)
    assert opened == [True]
    monkeypatch.setattr(extract.ga4_export_days, "CHUNK_DAYS", 2)
    run(home)
    assert opened == [True] * 4


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from leadwerk.pipeline import extract, ga4_export_days
from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.duckdb_file import DuckDBFile
ga4_export_days.CHUNK_DAYS = 1
extract.run(DuckDBWarehouse(Path(sys.argv[1])), load("mortgage"), now=datetime(2026, 3, 30, 4, tzinfo=UTC),
            progress=lambda days, done: print(days, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.03, 0.08, 0.2])
def test_a_run_that_was_killed_is_made_good_by_the_next(
    home: Path, tmp_path_factory: pytest.TempPathFactory, pause: float
) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout is not None
    with child.stdout:
        while "2026-03-27" not in child.stdout.readline():
            assert child.poll() is None
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    killed = contents(home, "extract_runs")["extract_runs"]
    assert len(killed) < 6
    run(home)
    other = tmp_path_factory.mktemp("undisturbed")
    (other / "ga4.duckdb").write_bytes((home / "ga4.duckdb").read_bytes())
    run(other)
    assert contents(home, *BUILT, "extract_runs") == contents(other, *BUILT, "extract_runs")


@pytest.mark.slow
def test_a_missing_table_is_reported_and_caught_up_when_it_comes(home: Path) -> None:
    drop_export(home, "20260327")
    report = run(home)
    assert [day.day for day in report.days if day.source == "missing"] == [date(2026, 3, 27)]
    assert report.missing == 1
    assert any("2026-03-27" in warning for warning in report.warnings)
    write_export(home, {"20260327": [*visits(27)]})
    late = run(home, now=NOW + timedelta(days=9))
    assert {date(2026, 3, 27), date(2026, 3, 28)} <= {day.day for day in late.days}
    sessions = session_starts(home)
    assert sessions["owl"] == [24, 25, 26, 27, 28, 29]


def session_starts(home: Path) -> dict[str, list[int]]:
    """Session ids by visitor, once for each time a session was counted."""
    starts: dict[str, list[int]] = {}
    columns = "SELECT visitor_id, session_id FROM leadwerk.activity_events WHERE session_start ORDER BY 2"
    for row in DuckDBWarehouse(home).rows(from_text(columns), {}):
        starts.setdefault(row["visitor_id"], []).append(row["session_id"])
    return starts


def test_a_session_over_midnight_is_counted_once_on_its_first_day(home: Path) -> None:
    run(home)
    assert session_starts(home)["owl"] == [24, 25, 26, 27, 28, 29]
    per_day = from_text("SELECT day, sessions FROM leadwerk.activity_daily WHERE visitor_id = 'owl' ORDER BY day")
    assert [row["sessions"] for row in DuckDBWarehouse(home).rows(per_day, {})] == [2, 1, 1, 1, 1]


def test_the_daily_table_replaces_the_intraday_one_and_never_adds_to_it(home: Path) -> None:
    run(home)
    write_export(home, {"20260330": [event("2026-03-30 03:00"), event("2026-03-30 05:00")]})
    report = run(home, now=NOW + timedelta(hours=20))
    (today,) = [day for day in report.days if day.day == date(2026, 3, 30)]
    assert (today.source, today.events_read, today.events_kept) == ("daily", 2, 2)


@pytest.mark.slow
def test_during_the_day_only_intraday_tables_are_read(home: Path) -> None:
    run(home)
    write_export(home, {"intraday_20260330": [event("2026-03-30 03:00"), event("2026-03-30 05:00")]})
    report = run(home, now=NOW + timedelta(hours=2), intraday=True)
    assert [(day.day.day, day.events_kept) for day in report.days] == [(30, 2)]
    assert report.intraday
    assert not run(home, now=NOW + timedelta(hours=3)).intraday


@pytest.mark.slow
def test_a_daily_table_that_came_after_the_night_is_read_during_the_day(home: Path) -> None:
    """Without streaming it is all there is: Google writes yesterday's table in the afternoon."""
    drop_export(home, "intraday_20260330")
    run(home)
    write_export(home, {"20260330": [event("2026-03-30 03:00")]})
    report = run(home, now=NOW + timedelta(days=1), intraday=True)
    assert [(day.day.day, day.source, day.events_kept) for day in report.days] == [(30, "daily", 1)]
    assert run(home, now=NOW + timedelta(days=1, hours=1), intraday=True).days == ()


def test_a_whole_day_without_a_visitor_is_told_although_the_days_before_had_some(home: Path) -> None:
    assert run(home).empty == 0
    refused = [event(f"2026-03-29 {hour}:00", suffix="20260329", user_pseudo_id=None) for hour in (12, 13)]
    write_export(home, {"20260329": refused})
    report = run(home)
    assert report.events_kept > 0
    assert report.empty == 1


def test_late_corrections_reach_the_tables(home: Path) -> None:
    run(home)
    write_export(home, {"20260327": [*visits(27), event("2026-03-27 15:00", user_pseudo_id="late")]})
    report = run(home, now=NOW + timedelta(hours=1))
    assert {day.day.day: day.visitors for day in report.days}[27] == 3


def test_a_range_is_rebuilt_on_demand_with_the_day_after_it(home: Path) -> None:
    report = run(home, first_day=date(2026, 3, 24), last_day=date(2026, 3, 26))
    assert [(day.day.day, day.source) for day in report.days] == [
        (24, "missing"), (25, "daily"), (26, "daily"), (27, "daily"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "day_range",
    [
        {"first_day": date(2026, 3, 26), "last_day": date(2026, 3, 25)},
        {"first_day": date.max},
        {"last_day": date.min},
        {"first_day": date.min},
        {"first_day": date.min, "last_day": date(1, 12, 31)},
        {"first_day": date(1999, 12, 31), "last_day": date(2000, 1, 2)},
        {"first_day": date(2026, 3, 26), "intraday": True},
    ],
    ids=str,
)
def test_a_range_without_days_or_with_centuries_is_refused_and_leaves_no_trace(
    home: Path, day_range: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        run(home, **day_range)
    assert contents(home, "extract_runs") == {"extract_runs": []}


def test_what_is_named_after_no_day_is_no_day_of_the_export(home: Path) -> None:
    with duckdb.connect(str(home / "ga4.duckdb")) as connection:
        for name in ("20260230", "99999999", "intraday_20260399"):
            connection.execute(f"CREATE TABLE events_{name} AS FROM events_20260327")
        connection.execute("CREATE TABLE events_20260327_old (event_timestamp VARCHAR, event_params INTEGER)")
    report = run(home)
    assert (report.events_read, report.events_kept, len(report.days)) == (21, 16, 6)


def test_an_empty_daily_table_makes_a_warning(home: Path) -> None:
    write_export(home, {"20260329": []})
    assert run(home).warnings == ("2026-03-29: the export's table is there, but empty.",)


def test_a_visitor_who_logs_in_is_linked_once(home: Path) -> None:
    lead = {"lead_id": "L7", "event_id": "e", "recorded_at": NOW - 9 * 24 * HOUR, "created_at": NOW - 9 * 24 * HOUR}
    DuckDBWarehouse(home).append("leads", [lead | {"web_consent": True, "attributes": []}])
    assert run(home).logins == 1
    assert run(home, now=NOW + timedelta(days=1)).logins == 0
    (link,) = contents(home, "identities")["identities"]
    assert link == ("v1", "L7", datetime(2026, 3, 25, 12, tzinfo=UTC), "login")


def test_events_of_another_time_zone_make_a_warning(home: Path) -> None:
    write_export(home, {"20260329": [event("2026-03-29 23:00", suffix="20260329"), *visits(29)]})
    report = run(home)
    assert report.unusable == 1
    assert any("time zone" in warning for warning in report.warnings)


def test_an_export_without_tables_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(MissingTable, match="Link the GA4 property"):
        run(tmp_path)


def test_tables_that_break_a_promise_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = from_text("-- @first_day DATE\n-- @last_day DATE\nSELECT * FROM leadwerk.activity_daily WHERE FALSE")
    monkeypatch.setattr(extract, "daily_statement", lambda: twice)
    with pytest.raises(WarehouseError, match="does not add up"):
        run(home)


@pytest.mark.slow
def test_sums_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    day, next_morning = date(2026, 3, 27), datetime(2026, 3, 28, 8, tzinfo=UTC)
    events = [
        {
            "day": day, "visitor_id": "v1", "event_rank": rank, "occurred_at": next_morning - (20 - rank) * HOUR,
            "event_name": "page_view", "seconds": seconds, "loan_amount": amount, "signal": "blog", "signal_count": 1,
            "session_start": rank == 1,
        }
        for rank, (seconds, amount) in enumerate([(0.1, 100.1), (0.2, 100.2), (0.3, 100.3)], start=1)
    ]  # fmt: skip
    results = []
    for number, order in enumerate((events, events[::-1])):
        warehouse = DuckDBWarehouse(tmp_path / str(number))
        warehouse.append("activity_events", order)
        warehouse.replace_days("activity_daily", day, day, extract.daily_statement(), extract.rules(POLICY))
        visits = warehouse.rows(from_text("SELECT * FROM leadwerk.activity_daily"), {})
        parameters = scoring_parameters(POLICY, [], ["v1"], next_morning)
        results.append((visits, warehouse.rows(features_statement(POLICY), parameters)))
        today = scoring_parameters(POLICY, [], ["v1"], next_morning - timedelta(hours=12))
        results[-1] += (warehouse.rows(features_statement(POLICY), today),)
    assert results[0] == results[1]
    assert results[0][0][0]["seconds"] == 0.6
    assert [rows[0]["blog_seconds_7d"] for rows in results[0][1:]] == [0.6, 0.6]


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES.exists(), reason="the public GA4 samples are not part of the repository")
def test_five_real_events_become_the_right_rows(tmp_path: Path) -> None:
    exported: dict[str, list[dict[str, Any]]] = {}
    for line in SAMPLES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        exported.setdefault(row["event_date"], []).append(row)
    write_export(tmp_path, exported)
    exported_days = [date.fromisoformat(suffix) for suffix in exported]
    days = {day.day: day for first in exported_days for day in run(tmp_path, first_day=first, last_day=first).days}
    assert {day: (report.events_read, report.events_kept) for day, report in days.items()} == {
        date(2021, 1, 28): (1, 1), date(2022, 5, 27): (1, 1), date(2023, 1, 16): (1, 1), date(2023, 10, 5): (2, 0),
    }  # fmt: skip
    assert days[date(2023, 10, 5)].without_visitor == 2
    columns = from_text(
        "SELECT event_name, visitor_id, session_id, session_start, page, seconds, source, medium, first_source, "
        "device_category, language, country FROM leadwerk.activity_events ORDER BY day"
    )
    assert [tuple(row.values()) for row in DuckDBWarehouse(tmp_path).rows(columns, {})] == [
        ("page_view", "1146540.1921992520", 3599645542, True, "/payment.html", 0.007, None, None, "(direct)", "desktop",
         "en", "United States"),
        ("session_start", "745846450.1644156613", 1653679817, True,
         "/ideas/2021/09/22/connecting-sitecore-identity-to-saml-part-1", 0.0, None, None, "google", "mobile", "en",
         "India"),
        ("sign_up", "8d59ce7133e03f6170eadbce40174c91", 1673858394, True, "UnityPlayerActivity", 0.0, None, None,
         "(direct)", "mobile", "zh", "China"),
    ]  # fmt: skip
