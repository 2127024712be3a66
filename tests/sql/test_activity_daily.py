"""activity_daily, its checks, logins and runs: both engines agree, and a day adds up to its events."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline import extract
from leadwerk.warehouse import schema
from leadwerk.warehouse.statement import statement
from sql.hostile import FIRST, LAST, events, leads, moments, repeated, visitors
from sql.reference import analyse, assert_engines_agree, assert_equal_rows, on_duckdb
from support.examples import examples

REBUILD = extract.daily_statement()
CHECKS, LOGINS, NEWEST = statement("activity_daily/checks"), statement("identities/logins"), statement(
    "extract_runs/latest"
)  # fmt: skip
SPAN: dict[str, Any] = {"first_day": FIRST, "last_day": LAST, "time_zone": "Europe/Zurich"}
hostile = examples(15, suppress_health_check=[HealthCheck.too_slow])
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)

identities = st.fixed_dictionaries(
    {"visitor_id": visitors, "lead_id": leads, "linked_at": moments(NOON), "source": st.sampled_from(["form", "login"])}
)
runs = st.builds(
    lambda day, step, source: {
        "day": day, "run_at": NOON + timedelta(days=step), "source": source, **dict.fromkeys(extract.COUNTS, 0)
    },
    st.sampled_from([FIRST, LAST]), st.integers(0, 2), st.sampled_from(["daily", "intraday", "missing"]),
)  # fmt: skip


def event(minute: int, **fields: Any) -> dict[str, Any]:
    """A row of activity_events: a page view of v1 on 29 March, this many minutes past noon UTC."""
    return {
        "day": date(2026, 3, 29), "visitor_id": "v1", "occurred_at": NOON + timedelta(minutes=minute),
        "event_name": "page_view", "event_rank": minute + 1, "session_id": 1, "session_start": minute == 0,
        "signal_count": 0, "seconds": 2.5,
    } | fields  # fmt: skip


def test_the_statements_pass_googles_analyser_and_fit_their_tables() -> None:
    columns = analyse(REBUILD)
    assert set(columns) == {field.name for field in schema.table("activity_daily").fields}
    assert columns["signals"] == "ARRAY<STRUCT<name STRING, events INT64, seconds FLOAT64, last_at TIMESTAMP>>"
    assert analyse(CHECKS) == {"finding": "STRING", "violations": "INT64"}
    assert {*analyse(LOGINS), "stored_at"} == {field.name for field in schema.table("identities").fields}
    assert analyse(NEWEST) == {"day": "DATE", "source": "STRING"}


@pytest.mark.slow
@hostile
@given(events)
def test_both_engines_build_the_same_days_which_keep_every_promise(rows: list[dict[str, Any]]) -> None:
    days = assert_engines_agree(REBUILD, SPAN, {"activity_events": rows})
    assert sum(day["events"] for day in days) == sum(FIRST <= row["day"] <= LAST for row in rows)
    assert not assert_engines_agree(CHECKS, SPAN, {"activity_events": rows, "activity_daily": days})


@hostile
@given(events, st.data())
def test_both_engines_find_the_same_broken_promises(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    days = on_duckdb(REBUILD, SPAN, {"activity_events": rows})
    broken = data.draw(st.lists(st.sampled_from(days), max_size=4)) if days else []
    broken_rules = assert_engines_agree(CHECKS, SPAN, {"activity_events": rows + rows[:1], "activity_daily": broken})
    assert bool(broken_rules) == any(FIRST <= row["day"] <= LAST for row in rows)


@pytest.mark.parametrize("minutes", [(0, 0), (0, 1, 1), (0, 2), (1, 2), (0, 0, 2), (1,)], ids=str)
def test_an_event_that_is_there_twice_or_lacking_is_found(minutes: tuple[int, ...]) -> None:
    rows = [event(minute) for minute in minutes]
    days = on_duckdb(REBUILD, SPAN, {"activity_events": rows})
    (broken_rule,) = on_duckdb(CHECKS, SPAN, {"activity_events": rows, "activity_daily": days})
    assert broken_rule["finding"].startswith("activity_events")


@hostile
@given(events, repeated(identities, 4))
def test_both_engines_find_the_same_new_logins_and_none_twice(
    rows: list[dict[str, Any]], links: list[dict[str, Any]]
) -> None:
    new_links = assert_engines_agree(LOGINS, SPAN, {"activity_events": rows, "identities": links})
    assert not on_duckdb(LOGINS, SPAN, {"activity_events": rows, "identities": links + new_links})


@hostile
@given(repeated(runs, 6))
def test_both_engines_know_what_a_day_was_last_read_from(rows: list[dict[str, Any]]) -> None:
    latest_runs = assert_engines_agree(NEWEST, {"first_day": FIRST}, {"extract_runs": rows})
    assert len(latest_runs) == len({row["day"] for row in rows})


def test_a_day_says_what_its_events_say() -> None:
    rows = [
        event(0, source="google", medium="organic", device_category="mobile", loan_amount=400_000.0, income=90_000.0),
        event(1, source="news", language="fr", signal="rates_page", signal_count=1, scroll_percent=90),
        event(2, event_name="scroll", signal="rates_page", scroll_percent=50, loan_amount=500_000.0),
        event(3, event_name="user_engagement", device_category="desktop", language="de"),
    ]
    (day,) = on_duckdb(REBUILD, SPAN, {"activity_events": rows})
    assert (day["events"], day["sessions"], day["page_views"], day["seconds"]) == (4, 1, 2, 10.0)
    assert (day["source"], day["medium"], day["device_category"], day["language"]) == (
        "google", "organic", "desktop", "de",
    )  # fmt: skip
    assert (day["first_hour"], day["weekday"], day["scroll_percent"]) == (14, 7, 90)
    (signal,) = day["signals"]
    assert (signal["name"], signal["events"], signal["seconds"]) == ("rates_page", 1, 5.0)
    assert day["calculator"] == {
        "uses": 2, "loan_amount_sum": 900_000.0, "loan_amount": 500_000.0, "property_value": None, "income": 90_000.0,
        "instalment": None,
    }  # fmt: skip


def test_a_day_without_calculator_or_signals_says_so() -> None:
    (day,) = on_duckdb(REBUILD, SPAN, {"activity_events": [event(0)]})
    assert day["calculator"] is None
    assert not day["signals"]


def test_a_login_is_known_from_its_first_event_on() -> None:
    rows = [event(0), event(5, user_id="L1"), event(9, user_id="L1"), event(9, user_id="L2")]
    lead = {
        "lead_id": "L1",
        "event_id": "e",
        "recorded_at": NOON,
        "created_at": NOON,
        "web_consent": True,
        "attributes": [],
    }
    links = on_duckdb(LOGINS, SPAN, {"activity_events": rows, "leads": [lead]})
    assert_equal_rows(
        links, [{"visitor_id": "v1", "lead_id": "L1", "linked_at": NOON + timedelta(minutes=5), "source": "login"}]
    )
