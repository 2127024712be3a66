"""activity_events: both engines agree over hostile exports, and what an event becomes is what its reader expects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline import extract
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Row, Statement
from sql.hostile import DAY, FIRST, LAST, MIDNIGHT, POLICY, exports, visitors
from sql.reference import analyse, assert_engines_agree, on_duckdb
from support.examples import examples
from support.export_rows import event

WILDCARD = re.compile(r"`ga4\.(\w+)\*`")
REBUILD = extract.events_statement(POLICY)
COUNTS = replace(extract.counts_statement(), record=None)  # rows as mappings, to be compared with Google's
PARAMETERS: dict[str, Any] = {
    **extract.rules(POLICY),
    "first_day": FIRST,
    "last_day": LAST,
    "first_events_2": "0260328",
    "last_events_2": "0260330",
    "without_events_2": [],
    "first_events_fresh_2": "0260331",
    "last_events_fresh_2": "0260331",
    "without_events_fresh_2": [],
    "first_events_intraday_2": "0260329",
    "last_events_intraday_2": "0260329",
    "without_events_intraday_2": [],
}
hostile = examples(15, suppress_health_check=[HealthCheck.too_slow])


def earlier(session: int | None = 17, visitor: str = "v1", day: date = FIRST - DAY) -> dict[str, Any]:
    """A row that activity_events holds already; by default one of the day before."""
    return {
        "day": day, "visitor_id": visitor, "occurred_at": MIDNIGHT - DAY, "event_name": "page_view",
        "event_rank": 1, "session_id": session, "session_start": True, "signal_count": 0, "seconds": 0.0,
    }  # fmt: skip


sessions_before = st.lists(
    st.builds(earlier, st.sampled_from([7, 17, 90, None]), visitors, st.sampled_from([FIRST - DAY, FIRST, LAST])),
    max_size=3,
)


def rebuilt(*rows: dict[str, Any], stored: Sequence[dict[str, Any]] = (), **parameters: Any) -> list[dict[str, Any]]:
    """What the export's rows become, in order, where the table holds some."""
    events = on_duckdb(REBUILD, {**PARAMETERS, **parameters}, {"ga4_events": rows, "activity_events": stored})
    return sorted(events, key=lambda row: (row["day"], row["visitor_id"], row["event_rank"]))


def counted(*rows: dict[str, Any], **parameters: Any) -> dict[date, dict[str, Any]]:
    """What became of the export's rows, by day, when they were rebuilt before."""
    days: dict[Any, int] = {}
    for row in rebuilt(*rows, **parameters):
        days[row["day"], row["visitor_id"]] = days.get((row["day"], row["visitor_id"]), 0) + 1
    at = datetime(2026, 1, 1, tzinfo=UTC)
    daily = [
        {"day": day, "visitor_id": visitor, "events": events, "first_at": at, "last_at": at, "sessions": 0,
         "page_views": 0, "seconds": 0.0, "first_hour": 0, "weekday": 1}
        for (day, visitor), events in days.items()
    ]  # fmt: skip
    counts = on_duckdb(COUNTS, {**PARAMETERS, **parameters}, {"ga4_events": rows, "activity_daily": daily})
    return {row["day"]: row for row in counts}


@pytest.mark.slow
def test_the_statements_pass_googles_analyser_and_fit_their_tables() -> None:
    columns = {field.name: field.type for field in schema.table("activity_events").fields}
    assert analyse(REBUILD) == columns
    assert set(analyse(COUNTS)) == {"day", *extract.COUNTS}


@pytest.mark.slow
@pytest.mark.parametrize("kind", extract.EXPORTS)
def test_an_export_of_one_kind_alone_is_read_without_the_other(kind: str) -> None:
    alone, counts = extract.events_statement(POLICY, [kind]), extract.counts_statement([kind])
    assert WILDCARD.findall(alone.text) == WILDCARD.findall(counts.text) == [kind]
    assert (analyse(alone), analyse(counts)) == (analyse(REBUILD), analyse(COUNTS))
    kinds = ("20260329", "fresh_20260329", "intraday_20260329")
    rows = [event("2026-03-29 12:00", suffix=suffix) for suffix in kinds]
    days = PARAMETERS | {"first_events_fresh_2": "0260329"}
    assert len(assert_engines_agree(alone, days, {"ga4_events": rows})) == 1


OTHERS = ("events_flat", "events_backup", "events_intraday_flat", "events_fresh_flat", "events_v2", "events_1")
EXPORTED = ("events_20260131", "events_fresh_20260131", "events_intraday_20260131")


@pytest.mark.parametrize("statement", [REBUILD, COUNTS], ids=["rebuild", "counts"])
def test_no_wildcard_takes_in_what_is_not_the_export(statement: Statement) -> None:
    """BigQuery refuses a wildcard over a view, whatever the suffixes, and takes the schema of the newest table."""
    prefixes = WILDCARD.findall(statement.text)
    assert {name for name in EXPORTED if name.startswith(tuple(prefixes))} == {*EXPORTED}
    assert [name for name in OTHERS if name.startswith(tuple(prefixes))] == []


@pytest.mark.slow
@pytest.mark.parametrize("copy", ["20260329_copy", "202603290"])
def test_a_table_that_is_named_like_a_day_and_is_none_is_not_read(copy: str) -> None:
    """Between two days by its name, `events_20260329_copy` is in the wildcard of both engines."""
    day = event("2026-03-29 12:00", suffix="20260329")
    copied = event("2026-03-29 12:01", suffix=copy)
    whole = {"ga4_events": [day, copied]}
    assert len(assert_engines_agree(REBUILD, PARAMETERS, whole)) == 1
    assert sum(row["events_read"] for row in assert_engines_agree(COUNTS, PARAMETERS, whole)) == 1


@pytest.mark.slow
def test_a_policy_without_signals_builds_events_too() -> None:
    bare = extract.events_statement(msgspec.structs.replace(POLICY, signals=()))
    assert analyse(bare) == analyse(REBUILD)


@pytest.mark.slow
@hostile
@given(exports, sessions_before)
def test_both_engines_build_the_same_events(rows: list[dict[str, Any]], stored: list[dict[str, Any]]) -> None:
    events = assert_engines_agree(REBUILD, PARAMETERS, {"ga4_events": rows, "activity_events": stored})
    assert all(FIRST <= row["day"] <= LAST for row in events)
    keys = [(row["day"], row["visitor_id"], row["event_rank"]) for row in events]
    assert len(keys) == len(set(keys))


@pytest.mark.slow
@hostile
@given(exports)
def test_both_engines_count_the_same_and_lose_no_row(rows: list[dict[str, Any]]) -> None:
    counts = assert_engines_agree(COUNTS, PARAMETERS, {"ga4_events": rows})
    reasons = ("duplicates", "bots", "own_traffic", "without_visitor", "unusable", "events_kept")
    for day in counts:
        assert day["events_read"] == sum(day[reason] for reason in reasons)
        assert min(day[reason] for reason in reasons) >= 0


@pytest.mark.slow
@hostile
@given(exports)
def test_rebuilding_one_day_yields_the_same_as_rebuilding_all(rows: list[dict[str, Any]]) -> None:
    whole = rebuilt(*rows)
    day = date(2026, 3, 29)
    alone = rebuilt(*rows, stored=whole, first_day=day, last_day=day, first_events_2="0260329", last_events_2="0260329")
    assert alone == [row for row in whole if row["day"] == day]


def test_a_session_over_midnight_begins_on_its_first_day() -> None:
    rows = rebuilt(event("2026-03-29 21:59", suffix="20260329"), event("2026-03-29 22:01", suffix="20260330"))
    assert [(row["day"].day, row["session_start"]) for row in rows] == [(29, True), (30, False)]


@pytest.mark.slow
def test_a_session_that_was_under_way_before_the_first_day_is_not_counted_again() -> None:
    session = {"ga_session_id": {"int_value": 17}}
    visit = event("2026-03-27 23:01", suffix="20260328", parameters=session)

    def begins(*stored: dict[str, Any]) -> list[bool]:
        return [row["session_start"] for row in rebuilt(visit, stored=stored)]

    assert begins(earlier()) == [False]
    assert begins() == begins(earlier(18)) == begins(earlier(visitor="v2")) == begins(earlier(None)) == [True]
    assert begins(earlier(day=FIRST - 2 * DAY)) == [True]


def test_a_row_of_a_day_that_is_replaced_says_nothing_of_what_was_before() -> None:
    session = {"ga_session_id": {"int_value": 17}}
    visit = event("2026-03-29 12:00", suffix="20260329", parameters=session)
    assert [row["session_start"] for row in rebuilt(visit, stored=[earlier(day=FIRST)])] == [True]


def test_a_day_of_23_hours_takes_its_events_and_no_others() -> None:
    # Zürich's 29 March 2026 lasts from 23:00 UTC to 22:00 UTC.
    inside = [event("2026-03-28 23:00", suffix="20260329"), event("2026-03-29 21:59", suffix="20260329")]
    outside = [event("2026-03-28 22:59", suffix="20260329"), event("2026-03-29 22:00", suffix="20260329")]
    assert len(rebuilt(*inside, *outside)) == 2
    assert counted(*inside, *outside)[date(2026, 3, 29)]["unusable"] == 2


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ({"string_value": "450'000"}, 450_000.0),
        ({"string_value": "CHF 1’250’000.–"}, 1_250_000.0),
        ({"string_value": "350.000,00 €"}, 350_000.0),
        ({"string_value": "1234.567"}, 1234.567),
        ({"int_value": 450_000}, 450_000.0),
        ({"float_value": 450_000.5}, 450_000.5),
        ({"double_value": 450_000.5}, 450_000.5),
        ({"string_value": "ask me"}, None),
        ({"double_value": -1.0}, None),
        ({"double_value": 1e300}, None),
        ({"int_value": 0}, None),
    ],
)
def test_an_amount_is_read_from_any_value_field(value: dict[str, Any], amount: float | None) -> None:
    (row,) = rebuilt(event("2026-03-29 12:00", parameters={"loan_amount": value}))
    assert row["loan_amount"] == amount


def test_the_first_signal_that_matches_names_the_event() -> None:
    location = {"page_location": {"string_value": "https://bank.ch/zinsen/guide?utm=1"}}
    view, scroll = rebuilt(
        event("2026-03-29 12:00", parameters=location),
        event("2026-03-29 12:01", event_name="scroll", parameters=location),
    )
    assert (view["signal"], view["page"], view["signal_count"]) == ("rates_page", "/zinsen/guide", 1)
    assert (scroll["signal"], scroll["signal_count"]) == ("rates_page", 0)


def test_duplicates_bots_own_traffic_and_visits_without_consent_are_only_counted() -> None:
    internal_traffic = {"traffic_type": {"string_value": "internal"}}
    rows = [
        event("2026-03-29 12:00"),
        event("2026-03-29 12:00"),
        event("2026-03-29 12:01", user_pseudo_id=None),
        event("2026-03-29 12:02", parameters=internal_traffic),
        event("2026-03-29 12:03", device={"web_info": {"browser": "HeadlessChrome"}}),
        *(event(f"2026-03-29 13:0{minute}", user_pseudo_id="fast") for minute in range(5)),
    ]
    assert [row["visitor_id"] for row in rebuilt(*rows)] == ["v1"]
    day = counted(*rows)[date(2026, 3, 29)]
    assert (day["events_read"], day["events_kept"], day["visitors"]) == (10, 1, 1)
    assert (day["duplicates"], day["without_visitor"], day["own_traffic"], day["bots"]) == (1, 1, 1, 6)


def test_only_the_named_hosts_count_when_any_is_named() -> None:
    ours, theirs = ({"page_location": {"string_value": f"https://{host}/a"}} for host in ("bank.ch", "test.bank.ch"))
    rows = [event("2026-03-29 12:00", parameters=ours), event("2026-03-29 12:01", parameters=theirs)]
    assert [row["occurred_at"].minute for row in rebuilt(*rows, hostnames=["bank.ch"])] == [0]
    assert counted(*rows, hostnames=["bank.ch"])[date(2026, 3, 29)]["own_traffic"] == 1


def use(amount: int, *place: int) -> dict[str, Any]:
    """A use of the calculator at noon, at this page, request and index of GA4's batch."""
    fields = dict(zip(("batch_page_id", "batch_ordering_id", "batch_event_index"), place, strict=True))
    return event("2026-03-29 12:00", parameters={"loan_amount": {"int_value": amount}}, **fields)


def test_equal_events_of_one_request_are_two_and_one_that_was_exported_twice_is_one() -> None:
    rows = [use(400_000, 1, 1, 1), use(400_000, 1, 1, 2), use(400_000, 1, 1, 2)]
    assert [row["event_rank"] for row in rebuilt(*rows)] == [1, 2]
    assert counted(*rows)[date(2026, 3, 29)]["duplicates"] == 1


@pytest.mark.parametrize("later", [(1, 1, 2), (1, 2, 1), (2, 1, 1)])
def test_events_of_one_moment_are_in_the_order_of_page_request_and_index(later: tuple[int, int, int]) -> None:
    rows = rebuilt(use(100_000, *later), use(900_000, 1, 1, 1))
    assert [row["loan_amount"] for row in rows] == [900_000, 100_000]


def test_a_later_page_outweighs_any_request_or_index_before_it() -> None:
    rows = rebuilt(use(3, 2, 1, 1), use(2, 1, 2, 1), use(1, 1, 1, 9))
    assert [row["loan_amount"] for row in rows] == [1, 2, 3]


def test_events_of_the_same_microsecond_that_differ_are_kept_apart() -> None:
    rows = rebuilt(event("2026-03-29 12:00"), event("2026-03-29 12:00", event_name="scroll"))
    assert [(row["event_rank"], row["event_name"], row["session_start"]) for row in rows] == [
        (1, "page_view", True),
        (2, "scroll", False),
    ]


def address(url: str) -> dict[str, Any]:
    """The parameters of an event on this page."""
    return {"page_location": {"string_value": url}}


def last_click(**campaigns: dict[str, str]) -> dict[str, Any]:
    """Session attribution with the other campaigns as the export leaves them: present, all fields null or (not set)."""
    nothing = {"source": "(not set)", "medium": "(not set)", "campaign_name": "(not set)"}
    absent: dict[str, Any] = {"manual_campaign": nothing, "google_ads_campaign": {"campaign_id": None}}
    return {"session_traffic_source_last_click": absent | campaigns}


TAGGED = {"collected_traffic_source": {"manual_source": "letter", "manual_medium": "email"}}
ADS = {"google_ads_campaign": {"customer_id": "7", "campaign_name": "Hypo"}}


ORIGINS: list[tuple[dict[str, Any], dict[str, Any], tuple[str | None, str | None]]] = [
    (last_click(cross_channel_campaign={"source": "google", "medium": "cpc"}) | TAGGED, {}, ("google", "cpc")),
    (last_click(cross_channel_campaign={"source": "(direct)", "medium": "(none)"}), {}, ("(direct)", "(none)")),
    (last_click(cross_channel_campaign={"source": "(not set)"}, **ADS) | TAGGED, {}, ("google", "cpc")),
    (TAGGED, address("https://bank.ch/?gbraid=1"), ("google", "cpc")),
    (TAGGED, address("https://bank.ch/?a&wbraid=1"), ("google", "cpc")),
    (TAGGED, address("https://bank.ch/?msclkid=1"), ("bing", "cpc")),
    (TAGGED, address("https://bank.ch/?dclid=1"), ("google", "cpm")),
    (TAGGED, address("https://bank.ch/?gclid=&agclid=1"), ("letter", "email")),
    (TAGGED, address("https://bank.ch/?GCLID=EAIaIQ"), ("google", "cpc")),
    (TAGGED, address("https://bank.ch/?gclid=undefined&x=1"), ("letter", "email")),
    (TAGGED, address("https://bank.ch/?x&gclid=null"), ("letter", "email")),
    (TAGGED, address("https://bank.ch/?gclid=(not%20set)#a"), ("letter", "email")),
    (TAGGED, address("https://bank.ch/?gclid=undefined&msclkid=nullable"), ("bing", "cpc")),
    ({"collected_traffic_source": {"gclid": "undefined", "manual_source": "letter"}}, {}, ("letter", None)),
    (
        last_click(
            cross_channel_campaign={"source": "google", "medium": "cpc"},
            sa360_campaign={"source": "bing", "medium": "ppc"},
            cm360_campaign={"source": "dfa", "medium": "display"},
        ),
        {},
        ("google", "cpc"),
    ),
    (last_click(manual_campaign={"source": "news", "medium": ""}) | TAGGED, {}, ("news", None)),
    (last_click(), {"source": {"string_value": ""}, "medium": {"string_value": "organic"}}, (None, None)),
    (last_click(), {"source": {"string_value": "news"}, "medium": {"string_value": "mail"}}, ("news", "mail")),
    ({"traffic_source": {"source": "google", "medium": "organic"}}, {}, (None, None)),
    (
        {"collected_traffic_source": {"manual_source": "(data deleted)", "manual_medium": "(data deleted)"}},
        {"source": {"string_value": "news"}, "medium": {"string_value": "mail"}},
        ("news", "mail"),
    ),
]


def of_visitors(events: Iterable[dict[str, Any]]) -> list[Row]:
    """What both engines make of each of the events alone: one statement for all, each of a visitor of its own."""
    rows = [exported | {"user_pseudo_id": f"case {number:02}"} for number, exported in enumerate(events)]
    built = assert_engines_agree(REBUILD, PARAMETERS, {"ga4_events": rows})
    assert len(built) == len(rows)
    return sorted(built, key=lambda row: str(row["visitor_id"]))


@pytest.fixture(scope="module")
def visits() -> list[Row]:
    return of_visitors(event("2026-03-29 12:00", parameters=asked, **fields) for fields, asked, _ in ORIGINS)


@pytest.mark.parametrize("case", range(len(ORIGINS)))
def test_the_session_comes_from_where_googles_report_says(visits: list[Row], case: int) -> None:
    assert (visits[case]["source"], visits[case]["medium"]) == ORIGINS[case][2], ORIGINS[case]


def test_what_first_brought_the_visitor_is_no_origin_of_the_session() -> None:
    first = {"source": "google", "medium": "(not set)"}
    (row,) = rebuilt(event("2026-03-29 12:00", traffic_source=first, **TAGGED))
    assert (row["source"], row["first_source"], row["first_medium"]) == ("letter", "google", None)


ROUTES = {
    "https://bank.ch/#/zinsen/fest?x=1": "/zinsen/fest",
    "https://bank.ch/app/index.html?a=/b#!/zinsen": "/app/zinsen",
    "https://bank.ch/app/#/": "/app/",
    "https://bank.ch#/zinsen": "/zinsen",
    "https://bank.ch/zinsen#fest": "/zinsen",
    "https://bank.ch/zinsen?x=#a": "/zinsen",
    "https://bank.ch/unsubscribe/anna@example.ch": "/unsubscribe/(address)",
    "https://bank.ch/a%40example.ch/ende": "/(address)/ende",
    "https://bank.ch/#/kontakt/anna@example.ch?x": "/kontakt/(address)",
    "https://bank.ch/unsubscribe/anna%2540example.ch": "/unsubscribe/(address)",
    "/zinsen/fest?x=/a": "/zinsen/fest",
    "/app/#/zinsen": "/app/zinsen",
    "https://bank.ch?back=/konto": "/",
    "https://bank.ch/@bank/zinsen.html": "/@bank/zinsen.html",
}


@pytest.mark.slow
def test_the_route_in_the_fragment_is_the_page() -> None:
    rows = of_visitors(event("2026-03-29 12:00", parameters=address(url)) for url in ROUTES)
    assert dict(zip(ROUTES, (row["page"] for row in rows), strict=True)) == ROUTES


def test_a_screen_of_an_app_is_a_page_that_counts() -> None:
    policy = msgspec.structs.replace(
        POLICY, signals=(msgspec.structs.replace(POLICY.signals[1], page="^Zinsen"), *POLICY.signals[2:])
    )
    screen = {"firebase_screen": {"string_value": "Zinsen"}, "firebase_screen_class": {"string_value": "RatesView"}}
    rows = on_duckdb(
        extract.events_statement(policy),
        {**PARAMETERS, **extract.rules(policy)},
        {"ga4_events": [event("2026-03-29 12:00", event_name="screen_view", platform="IOS", parameters=screen)]},
    )
    assert [(row["page"], row["signal"], row["signal_count"]) for row in rows] == [("Zinsen", "rates_page", 1)]
    (bare,) = rebuilt(event("2026-03-29 12:00", parameters={"firebase_screen_class": {"string_value": "RatesView"}}))
    assert bare["page"] == "RatesView"
    unnamed = {"page_location": {"string_value": ""}, "firebase_screen": {"string_value": ""}}
    (row,) = rebuilt(event("2026-03-29 12:00", parameters={**screen, **unnamed}))
    assert row["page"] == "RatesView"


@pytest.mark.slow
def test_events_that_differ_in_a_parameter_nobody_keeps_are_two() -> None:
    clicks = [
        event("2026-03-29 12:00", event_name="click", parameters={"link_id": {"string_value": link}}) for link in "abb"
    ]
    rows = assert_engines_agree(REBUILD, PARAMETERS, {"ga4_events": clicks})
    assert sorted(row["event_rank"] for row in rows) == [1, 2]
    assert counted(*clicks)[date(2026, 3, 29)]["duplicates"] == 1


LOGINS: dict[str, str | None] = {
    **dict.fromkeys(
        (
            "None",
            "undefined",
            "NULL",
            "(not set)",
            "0",
            "NaN",
            "[object Object]",
            "p@x.ch",
            "p%40x.ch",
            "p%2540x.ch",
            " ",
            "",
            "guest",
            "false",
            "+41 79 123 45 67",
            "+41791234567",
            "(none)",
            '"null"',
            "'undefined'",
            "00000000-0000-0000-0000-000000000000",
            "{{user_id}}",
            "${userId}",
        )
    ),
    "L7": "L7",
    " L7\t": "L7",
    "0017F": "0017F",
    "007": "007",
    "none-such": "none-such",
}


@pytest.mark.slow
def test_a_login_that_names_nobody_is_none_and_another_is_kept_without_blanks() -> None:
    rows = of_visitors(event("2026-03-29 12:00", user_id=user_id) for user_id in LOGINS)
    assert dict(zip(LOGINS, (row["user_id"] for row in rows), strict=True)) == LOGINS
