"""Queries of scoring: what Google's evaluator says, the embedded engine says, and it is what scoring relies on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree
from support.examples import examples

T0 = datetime(2026, 3, 28, 23, tzinfo=UTC)
MOMENTS = [T0 + timedelta(hours=hours) for hours in (0, 1, 2, 30, 55)]
LEADS = ["1", "2", "3"]
moments = st.sampled_from(MOMENTS)
lead_ids = st.sampled_from(LEADS)
few = examples(12, suppress_health_check=list(HealthCheck))


def lead(event: str, lead_id: str, recorded_at: datetime, created_at: datetime) -> dict[str, Any]:
    attributes = [{"name": "purpose", "text": f"of {event}", "number": None}]
    return {
        "event_id": event,
        "lead_id": lead_id,
        "recorded_at": recorded_at,
        "created_at": created_at,
        "web_consent": True,
        "attributes": attributes,
    }


def outcome(event: str, lead_id: str, recorded_at: datetime, kind: str) -> dict[str, Any]:
    return {
        "event_id": event,
        "lead_id": lead_id,
        "day": recorded_at.date(),
        "occurred_at": recorded_at,
        "recorded_at": recorded_at,
        "status": kind,
        "outcome": kind,
    }


def score(score_id: str, lead_id: str, scored_at: datetime, stored_at: datetime, value: int | None) -> dict[str, Any]:
    return {
        "score_id": score_id,
        "lead_id": lead_id,
        "day": scored_at.date(),
        "scored_at": scored_at,
        "stored_at": stored_at,
        "score_origin": "request",
        "basis": "model",
        "policy_version": "p",
        "predictive_score": value,
        "score_cluster": "HOT",
        "recommended_action": "Call",
        "language": "de",
        "has_web_behaviour": False,
        "reasons": [],
    }


# Append tables may hold a row twice on BigQuery.
versions = st.lists(
    st.builds(lead, st.sampled_from("abcd"), lead_ids, moments, moments),
    max_size=8,
    unique_by=lambda row: (row["event_id"], row["lead_id"], row["recorded_at"]),
)
outcomes = st.lists(
    st.builds(outcome, st.sampled_from("wxyz"), lead_ids, moments, st.sampled_from(["open", "lost", "paid_out"])),
    max_size=6,
)
scores = st.lists(
    st.builds(score, st.sampled_from("stuv"), lead_ids, moments, moments, st.one_of(st.none(), st.integers(0, 100))),
    max_size=8,
    unique_by=lambda row: (row["score_id"], row["scored_at"], row["stored_at"]),
)
links = st.lists(
    st.fixed_dictionaries(
        {"visitor_id": st.sampled_from("VW"), "lead_id": lead_ids, "linked_at": moments, "source": st.just("form")}
    ),
    max_size=6,
)


def stage_change(lead_id: str, changed_at: datetime, to_stage: str) -> dict[str, Any]:
    return {
        "lead_id": lead_id,
        "day": changed_at.date(),
        "changed_at": changed_at,
        "to_stage": to_stage,
        "direction": "forward",
        "reason": "cluster=HOT",
    }


moves = st.lists(st.builds(stage_change, lead_ids, moments, st.sampled_from(["known", "sql"])), max_size=6)
STATEMENTS = [
    "leads/beyond_files",
    "stage_changes/status_vs_stage",
    "leads/latest",
    "leads/open",
    "leads/ids",
    "leads/of_persons",
    "identities/links",
]


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_analyser_accepts_it(name):
    assert analyse(statement(name))


def newest(rows: list[dict[str, Any]], *by: str) -> dict[str, dict[str, Any]]:
    """The last row of each lead in an order."""
    return {row["lead_id"]: row for row in sorted(rows, key=lambda row: [row[name] for name in by])}


@few
@given(stored=scores, reported=outcomes, moved=moves, as_of=moments, since=moments)
def test_what_the_crm_told_lately_stands_beside_score_and_stage_whenever_it_arrived(
    stored, reported, moved, as_of, since
):
    tables = {"scores": stored, "outcomes": reported, "stage_changes": moved}
    parameters = {"status_since": since.date(), "scored_since": date(2026, 3, 29), "as_of": as_of}
    changed = assert_engines_agree(statement("stage_changes/status_vs_stage"), parameters, tables)
    scored = newest([s for s in stored if s["day"] >= date(2026, 3, 29) and s["scored_at"] <= as_of], "scored_at")
    status = newest([o for o in reported if o["recorded_at"] <= as_of], "occurred_at", "recorded_at", "event_id")
    stages = newest([m for m in moved if m["changed_at"] <= as_of], "changed_at", "to_stage")
    expected = {lead for lead, latest in status.items() if lead in scored and latest["day"] >= since.date()}
    assert [row["lead_id"] for row in changed] == sorted(expected)
    for row in changed:
        assert (row["status"], row["outcome"]) == (status[row["lead_id"]]["status"], status[row["lead_id"]]["outcome"])
        assert row["stage_reached"] == stages.get(row["lead_id"], {}).get("to_stage")


@few
@given(stored=versions, as_of=moments)
def test_every_lead_that_exists_is_listed_once(stored, as_of):
    ids = assert_engines_agree(statement("leads/ids"), {"as_of": as_of}, {"leads": stored})
    exists = {row["lead_id"] for row in stored if row["recorded_at"] <= as_of and row["created_at"] <= as_of}
    assert [row["lead_id"] for row in ids] == sorted(exists)


@few
@given(stored=versions, as_of=moments, lead_ids=st.lists(lead_ids, unique=True))
def test_the_newest_version_of_each_lead_as_then_known(stored, as_of, lead_ids):
    versions = assert_engines_agree(
        statement("leads/latest"), {"lead_ids": lead_ids, "as_of": as_of}, {"leads": [*stored, *stored[:2]]}
    )
    eligible = [v for v in stored if v["lead_id"] in lead_ids and v["recorded_at"] <= as_of]
    newest = {v["lead_id"]: v for v in sorted(eligible, key=lambda v: (v["recorded_at"], v["event_id"]))}
    assert {v["lead_id"]: (v["event_id"], v["attributes"]) for v in versions} == {
        lead_id: (v["event_id"], v["attributes"]) for lead_id, v in newest.items()
    }


@few
@given(stored=versions, closed=outcomes, as_of=moments, since=moments)
def test_open_leads_are_recent_and_the_newest_news_of_them_is_no_end(stored, closed, as_of, since):
    tables = {"leads": stored, "outcomes": closed}
    open_leads = assert_engines_agree(statement("leads/open"), {"created_since": since, "as_of": as_of}, tables)
    visible_versions = [v for v in stored if v["recorded_at"] <= as_of]
    visible_outcomes = [o for o in closed if o["recorded_at"] <= as_of and o["occurred_at"] <= as_of]
    newest = {
        o["lead_id"]: o for o in sorted(visible_outcomes, key=itemgetter("occurred_at", "recorded_at", "event_id"))
    }
    ended = {lead_id for lead_id, o in newest.items() if o["outcome"] != "open"}
    ids = [row["lead_id"] for row in open_leads]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {v["lead_id"] for v in visible_versions if since <= v["created_at"] <= as_of} - ended


def test_a_lead_that_the_crm_opened_again_is_open():
    early, late, now = MOMENTS[0], MOMENTS[2], MOMENTS[4]
    tables = {
        "leads": [lead("a", "1", T0, T0), lead("b", "2", T0, T0)],
        "outcomes": [
            outcome("lost", "1", early, "lost"),
            outcome("again", "1", late, "open"),
            outcome("begun", "2", early, "open"),
            outcome("ended", "2", late, "lost"),
        ],
    }
    open_leads = assert_engines_agree(statement("leads/open"), {"created_since": T0, "as_of": now}, tables)
    assert [row["lead_id"] for row in open_leads] == ["1"]


@few
@given(stored=links, as_of=moments, visitor_ids=st.lists(st.sampled_from("VWX"), unique=True))
def test_a_visitor_is_linked_since_it_was_first_observed(stored, as_of, visitor_ids):
    links = assert_engines_agree(
        statement("identities/links"), {"visitor_ids": visitor_ids, "as_of": as_of}, {"identities": stored}
    )
    eligible = [link for link in stored if link["visitor_id"] in visitor_ids and link["linked_at"] <= as_of]
    first: dict[tuple[str, str], datetime] = {}
    for link in sorted(eligible, key=lambda link: link["linked_at"]):
        first.setdefault((link["visitor_id"], link["lead_id"]), link["linked_at"])
    assert {(row["visitor_id"], row["lead_id"]): row["linked_at"] for row in links} == first


def touchpoint(event: str, lead_id: str, recorded_at: datetime) -> dict[str, Any]:
    day = recorded_at.date()
    return {
        "event_id": event,
        "lead_id": lead_id,
        "day": day,
        "occurred_at": recorded_at,
        "recorded_at": recorded_at,
        "kind": "call",
    }


def override(event: str, lead_id: str, set_at: datetime) -> dict[str, Any]:
    return {
        "event_id": event,
        "lead_id": lead_id,
        "sequence": 1,
        "set_at": set_at,
        "author": "Eva",
        "reason": "x",
        "stored_at": set_at,
    }


@few
@given(
    stored=versions,
    imported=versions,
    linked=links,
    touched=st.lists(st.builds(touchpoint, st.sampled_from("pq"), lead_ids, moments), max_size=2),
    overridden=st.lists(st.builds(override, st.sampled_from("rs"), lead_ids, moments), max_size=2),
    as_of=moments,
)
def test_a_lead_that_only_files_know_is_not_known_beyond_them(stored, imported, linked, touched, overridden, as_of):
    of_files = [{**row, "event_id": f"import.{row['event_id']}"} for row in imported]
    tables = {"leads": [*stored, *of_files], "identities": linked, "touchpoints": touched, "overrides": overridden}
    rows = assert_engines_agree(statement("leads/beyond_files"), {"as_of": as_of}, tables)
    expected = {row["lead_id"] for row in [*stored, *touched] if row["recorded_at"] <= as_of}
    expected |= {row["lead_id"] for row in linked if row["linked_at"] <= as_of}
    expected |= {row["lead_id"] for row in overridden if row["set_at"] <= as_of}
    assert {row["lead_id"] for row in rows} == expected
