"""Statements of the sellers' desk: what Google's evaluator says, the embedded engine says, over hostile rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.warehouse.protocol import Row, Statement
from leadwerk.warehouse.statement import statement
from sql.call_list import LIST, NO_CURSOR, TIERS, call_list
from sql.reference import analyse, assert_engines_agree
from support.examples import examples
from support.selling import DAY, HOUR, NOW, lead, outcome, score, touch

few = examples(12, suppress_health_check=list(HealthCheck))
ONE = {"lead_id": "1", "first_day": (NOW - 120 * DAY).date(), "as_of": NOW}

names = st.sampled_from(["1", "2", "3"])
accounts = st.sampled_from([None, "a.ch", "b.ch"])
moments = st.sampled_from([NOW - d for d in (HOUR, DAY, DAY, 5 * DAY, 130 * DAY)] + [NOW, NOW + HOUR])
maybe = st.sampled_from


def a_version(number: int, name: str, at: Any, account: Any, employees: Any, region: Any, notes: Any) -> Row:
    attributes = [
        {"name": "it_budget", "text": None, "number": notes},
        {"name": "branch", "text": region, "number": None},
    ]
    row = {"event_id": f"e{number}", "recorded_at": at, "created_at": at - HOUR, "account_id": account}
    return lead(
        name, **row, employees=employees, revenue=employees, region=region, attributes=attributes if notes else []
    )


def a_score(number: int, name: str, at: Any, value: Any, points: Any, tier: Any, cluster: str) -> Row:
    more = {"predictive_score": value, "points": points, "interest": points, "fit": points, "tier": tier}
    return score(name, at, score_id=f"s{number}", score_cluster=cluster, grade="B", level=2, matrix_cell="B2", **more)


def a_step(number: int, name: str, at: Any, kind: str, seller: str, sequence: int) -> Row:
    row = {"event_id": f"p{number}", "lead_id": name, "day": at.date(), "sequence": sequence, "kind": kind}
    until = {"expires_at": at + 2 * DAY} if kind == "picked" else {}
    return row | {"seller": seller, "occurred_at": at, "recorded_at": at, **until}


def a_verdict(number: int, name: str, at: Any, reached: Any, verdict: Any) -> Row:
    row = {"event_id": f"v{number}", "lead_id": name, "day": at.date(), "given_at": at, "seller": "anna"}
    more = {"reason": None, "note": None, "score_id": None, "stored_at": at}
    return row | {"reached": reached, "verdict": verdict} | more


def a_visit(visitor: str, at: Any) -> Row:
    day = {"visitor_id": visitor, "day": at.date(), "first_at": at, "last_at": at, "events": 3, "sessions": 1}
    return day | {"page_views": 2, "seconds": 4.5, "first_hour": 9, "weekday": 1, "signals": []}


def a_link(visitor: str, name: str, at: Any) -> Row:
    return {"visitor_id": visitor, "lead_id": name, "linked_at": at, "source": "form"}


numbers = st.integers(0, 9)
regions = st.sampled_from([None, "CH-ZH", "CH-VD"])
leads = st.lists(
    st.builds(a_version, numbers, names, moments, accounts, maybe([None, 5, 60]), regions, maybe([None, 2.5])),
    max_size=8,
)
values = st.sampled_from([None, 0.0, 12.34, 12.35, -10.0])
scores = st.lists(
    st.builds(
        a_score, numbers, names, moments, maybe([None, 50, 90]), values, maybe([None, *TIERS, "old"]),
        maybe(["HOT", "COLD", "DISQUALIFIED"]),
    ),
    max_size=8,
    unique_by=lambda row: row["score_id"],
)  # fmt: skip
picks = st.lists(
    st.builds(
        a_step,
        numbers,
        names,
        moments,
        maybe(["picked", "released", "expired"]),
        maybe(["anna", "beat"]),
        st.integers(1, 4),
    ),
    max_size=6,
    unique_by=lambda row: row["event_id"],
)
statuses = maybe([("contacted", "open"), ("applied", "open"), ("won", "won")])
outcomes = st.lists(
    st.builds(lambda name, at, status: outcome(name, at, *status), names, moments, statuses),
    max_size=3,
    unique_by=lambda row: row["event_id"],
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "sort": maybe(["points", "fit", "tier", "newest"]),
        "cluster": maybe(["HOT", "DISQUALIFIED"]),
        "grade": maybe(["B", "A"]),
        "matrix_cell": maybe(["B2", "B1"]),
        "tier": maybe(["SMB"]),
        "region": maybe(["CH-ZH", "CH"]),
        "language": maybe(["de", "fr"]),
        "held": st.booleans(),
        "seller": maybe(["anna"]),
        "account_id": maybe(["a.ch"]),
        "progress": st.booleans(),
        "served_languages": maybe([["de"], ["fr", "it"]]),
        "served_regions": maybe([["CH-ZH"]]),
    },
)
cursors = st.sampled_from(
    [NO_CURSOR, {"after_first": 50.0, "after_second": -1.0, "after_third": 12.34, "after_lead": "2"}]
)


def open_figures() -> Statement:
    return statement("scores/open_figures", tier=range(2))


def list_counts() -> Statement:
    return statement("scores/list_counts", tier=range(2))


LEAD = {
    "lead_id": "1",
    "scored_since": ONE["first_day"],
    "as_of": NOW,
    "contact_statuses": ["contacted"],
    "contact_touchpoints": ["call_answered"],
}


RESULTS = {
    "first_day": (NOW - 60 * DAY).date(), "created_since": NOW - 60 * DAY, "as_of": NOW, "horizon_days": 2,
    "positive": ["won"], "contact_statuses": ["contacted"], "contact_touchpoints": ["call_answered"],
    "segment": "region",
}  # fmt: skip


ERASED = {name: value for name, value in RESULTS.items() if name != "segment"} | {"smallest_group": 2}
TRAITS = ("language", "region", "channel", "industry", "seller")


def company() -> Statement:
    nothing = (
        "minimum_percent",
        "company_fact",
        "company_column",
        "company_attribute",
        "company_number",
        "company_category",
    )
    repeated: dict[str, Any] = dict.fromkeys(nothing, ())
    return statement("accounts/attributes", None, number=["it_budget"], category=["branch"], **repeated)


STATEMENTS: dict[str, tuple[Statement, dict[str, Any]]] = {
    "call_list": (call_list(), LIST),
    "call_list without tiers": (call_list(0), {k: v for k, v in LIST.items() if not k.startswith("tier_")}),
    "reasons": (
        statement("scores/reasons"),
        {"score_ids": ["s1", "s2"], "lead_ids": ["1", "2"], "first_day": ONE["first_day"], "last_day": NOW.date()},
    ),
    "list_counts": (list_counts(), LIST),
    "open_figures": (open_figures(), LIST),
    "kpis": (statement("kpis_daily/since"), {"first_day": ONE["first_day"], "as_of": NOW}),
    "lead": (statement("leads/desk_detail"), LEAD),
    "timeline": (statement("leads/timeline"), ONE),
    "verdicts": (statement("verdicts/latest"), {"lead_ids": ["1", "2"], "as_of": NOW}),
    "calls_of_seller": (
        statement("verdicts/calls_of_seller"),
        {"seller": "anna", "first_day": (NOW - 5 * DAY).date(), "since": NOW - 5 * DAY, "as_of": NOW},
    ),
    "outcome_counts": (statement("leads/outcome_counts"), RESULTS),
    "erased_counts": (statement("anonymous_counts/of_leads", trait=TRAITS), ERASED | {"lead_ids": ["1", "2"]}),
    "same_person": (statement("leads/same_person"), {"lead_id": "1", "as_of": NOW}),
    "persons": (statement("leads/persons"), {"as_of": NOW}),
    "reviewed": (
        statement("outcomes/reviewed"),
        {"first_day": ONE["first_day"], "since": NOW - 10 * DAY, "until": NOW, "as_of": NOW},
    ),
    "stations": (statement("extract_runs/stations"), {"since": NOW - DAY, "as_of": NOW}),
    "rejections": (statement("rejections/recent"), {"first_day": ONE["first_day"], "as_of": NOW}),
    "company": (company(), {"account_ids": ["a.ch", "b.ch"], "as_of": NOW}),
    "members": (statement("accounts/members"), {"account_id": "a.ch", "as_of": NOW, "most": 2}),
    "scored": (statement("accounts/scored"), {"scored_since": ONE["first_day"], "as_of": NOW, "most": 1}),
    **{
        name: (statement(f"{name}/history"), ONE)
        for name in ("scores", "deliveries", "stage_changes", "outcomes", "picks")
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STATEMENTS)
def test_google_accepts_the_statement_and_empty_tables_are_no_error(name: str) -> None:
    statement_read, parameters = STATEMENTS[name]
    assert analyse(statement_read)
    assert_engines_agree(statement_read, parameters, {})


@pytest.mark.slow
@few
@given(leads, scores, picks, outcomes, queries, cursors)
def test_the_list_is_the_same_on_both_engines(
    leads: list[Row], scores: list[Row], picks: list[Row], outcomes: list[Row], query: dict[str, Any], cursor: Any
) -> None:
    tables = {"leads": leads, "scores": scores, "picks": picks, "outcomes": outcomes}
    parameters = {**LIST, **query, **cursor}
    rows = assert_engines_agree(call_list(), parameters, tables)
    assert len({row["lead_id"] for row in rows}) == len(rows) <= LIST["most"]


verdicts = st.lists(
    st.builds(a_verdict, numbers, names, moments, maybe([None, True, False]), maybe([None, "good", "bad"])),
    max_size=4,
    unique_by=lambda row: row["event_id"],
)
touchpoints = st.lists(
    st.builds(touch, numbers, names, maybe(["call_answered", "email_click"]), moments),
    max_size=4,
    unique_by=lambda row: row["event_id"],
)
visits = st.lists(st.builds(a_visit, maybe(["v1", "v2"]), moments), max_size=4, unique_by=lambda row: row["day"])
links = st.lists(st.builds(a_link, maybe(["v1", "v2"]), names, moments), max_size=3)


Tables = dict[str, list[Row]]
desk_tables: st.SearchStrategy[Tables] = st.fixed_dictionaries(
    {
        "leads": leads, "scores": scores, "picks": picks, "outcomes": outcomes, "verdicts": verdicts,
        "touchpoints": touchpoints,
    }
)  # fmt: skip
stored_tables = desk_tables.map(
    lambda tables: tables | {"leads": list({row["event_id"]: row for row in tables["leads"]}.values())}
)
"""As a warehouse holds them: one row for an event of a lead."""


@pytest.mark.slow
@few
@given(desk_tables)
def test_lists_counts_and_contacts_are_the_same_on_both_engines(tables: Tables) -> None:
    rows = assert_engines_agree(call_list(), LIST, tables)
    assert all(row["contacted_at"] is None or row["contacted_at"] <= NOW for row in rows)
    counts = assert_engines_agree(list_counts(), LIST, tables)
    assert sum(row["leads"] for row in counts if row["cluster"] != "DISQUALIFIED") >= len(rows)
    [figures] = assert_engines_agree(open_figures(), LIST, tables)
    assert figures["leads"] == sum(row["leads"] for row in counts)
    assert figures["hot"] == sum(row["leads"] for row in counts if row["cluster"] == "HOT")


@pytest.mark.slow
@few
@given(stored_tables, visits, links)
def test_a_lead_and_its_timeline_are_the_same_on_both_engines(
    tables: Tables, visits: list[Row], links: list[Row]
) -> None:
    tables |= {"activity_daily": visits, "identities": links}
    assert len(assert_engines_agree(*STATEMENTS["lead"], tables)) <= 1
    events = assert_engines_agree(*STATEMENTS["timeline"], tables)
    assert all(event["happened_at"] <= NOW for event in events)
    assert_engines_agree(*STATEMENTS["verdicts"], tables)
    [count] = assert_engines_agree(*STATEMENTS["calls_of_seller"], tables)
    assert count["calls"] <= len({row["lead_id"] for row in tables["verdicts"]})


@pytest.mark.slow
@few
@given(stored_tables, maybe(["region", "seller", "none"]))
def test_results_are_counted_the_same_on_both_engines(tables: Tables, segment: str) -> None:
    rows = assert_engines_agree(STATEMENTS["outcome_counts"][0], RESULTS | {"segment": segment}, tables)
    assert sum(row["leads"] for row in rows) <= len({row["lead_id"] for row in tables["leads"]})
    assert all(row["won"] <= row["certain"] <= row["leads"] for row in rows)


COUNTED = ("leads", "certain", "won", "hot")


@pytest.mark.slow
@few
@given(stored_tables, st.sets(names), maybe([*TRAITS, "none"]))
def test_what_remains_of_erased_leads_keeps_the_results_right_on_both_engines(
    tables: Tables, erased: set[str], segment: str
) -> None:
    remains = assert_engines_agree(STATEMENTS["erased_counts"][0], ERASED | {"lead_ids": sorted(erased)}, tables)
    left = {name: [row for row in rows if row["lead_id"] not in erased] for name, rows in tables.items()}
    left["anonymous_counts"] = [{"entry_id": f"{number}", **row} for number, row in enumerate(remains)]
    whole = RESULTS | {"first_day": (NOW - 60 * DAY).date().replace(day=1), "segment": segment}

    def sums(of: Tables) -> dict[str, int]:
        rows = assert_engines_agree(STATEMENTS["outcome_counts"][0], whole, of)
        return {name: sum(row[name] for row in rows) for name in COUNTED}

    assert sums(left) == sums(tables)


@few
@given(scores, outcomes, verdicts)
def test_a_months_review_is_the_same_on_both_engines(
    scores: list[Row], outcomes: list[Row], verdicts: list[Row]
) -> None:
    tables = {"scores": scores, "outcomes": outcomes, "verdicts": verdicts}
    rows = assert_engines_agree(*STATEMENTS["reviewed"], tables)
    assert len({row["lead_id"] for row in rows}) == len(rows)
    assert all(row["ended_at"] is not None or row["verdict"] is not None for row in rows)


@pytest.mark.slow
@few
@given(scores, outcomes)
def test_stations_are_the_same_on_both_engines(scores: list[Row], outcomes: list[Row]) -> None:
    rows = assert_engines_agree(*STATEMENTS["stations"], {"scores": scores, "outcomes": outcomes})
    assert {row["station"] for row in rows} <= {"score", "ingest"}


@pytest.mark.slow
@few
@given(leads)
def test_company_facts_and_members_are_the_same_on_both_engines(leads: list[Row]) -> None:
    leads = list({row["event_id"]: row for row in leads}.values())  # ties between equal events are nobody's business
    for name in ("company", "members"):
        assert_engines_agree(*STATEMENTS[name], {"leads": leads})
    owned = [{**row, "crm_owner": "77" if number % 2 else None} for number, row in enumerate(leads)]
    assert_engines_agree(statement("leads/crm_owners"), {"lead_ids": ["1", "2", "3"], "as_of": NOW}, {"leads": owned})


@few
@given(leads, scores)
def test_scored_contacts_are_the_same_on_both_engines(leads: list[Row], scores: list[Row]) -> None:
    leads = list({row["event_id"]: row for row in leads}.values())
    assert_engines_agree(*STATEMENTS["scored"], {"leads": leads, "scores": scores})


@pytest.mark.slow
@few
@given(scores, picks, outcomes)
def test_histories_are_the_same_on_both_engines_even_where_a_row_came_twice(
    scores: list[Row], picks: list[Row], outcomes: list[Row]
) -> None:
    tables = {"scores": scores * 2, "picks": picks * 2, "outcomes": outcomes * 2}
    for name, key in (("scores", "score_id"), ("picks", "event_id"), ("outcomes", "event_id")):
        rows = assert_engines_agree(*STATEMENTS[name], tables)
        assert len({row[key] for row in rows}) == len(rows)
    requested_ids = {"score_ids": [f"s{n}" for n in range(10)], "lead_ids": ["1", "2", "3"]}
    days = {"first_day": (NOW - 200 * DAY).date(), "last_day": (NOW + timedelta(days=1)).date()}
    assert_engines_agree(STATEMENTS["reasons"][0], requested_ids | days, tables)


def test_what_a_history_or_a_pick_reads_is_pruned_by_the_leads_own_id() -> None:
    """On BigQuery the tables are clustered by lead_id and, but for leads, partitioned by day."""
    for name in ("scores", "deliveries", "stage_changes", "outcomes", "picks"):
        assert "WHERE lead_id = @lead_id AND day >= @first_day" in statement(f"{name}/history").text
    assert "AND (lead_id = @lead_id)" in statement("leads/as_of").text
    assert "day >= @first_day" in statement("picks/active").text


def test_a_column_that_is_wide_is_not_read_for_the_list() -> None:
    assert "reasons" not in call_list().text
    assert "ledger" not in call_list().text
