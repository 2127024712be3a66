"""What persons say of leads, in SQL: what Google's evaluator says, the embedded engine says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline.thresholds import read_demand
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import statement
from sql.call_list import LIST, call_list
from sql.reference import analyse, assert_engines_agree
from support.examples import examples
from support.selling import DAY, HOUR, NOW, POLICY, lead, outcome, score

few = examples(12, suppress_health_check=list(HealthCheck))
SOON = datetime(2026, 5, 5, 22, tzinfo=UTC)
ONE = {"lead_id": "1", "first_day": (NOW - 120 * DAY).date(), "as_of": NOW}
STATEMENTS = {
    "overrides/active": {"as_of": NOW},
    "overrides/latest": {"lead_id": "1", "as_of": NOW},
    "overrides/history": ONE,
    "leads/open": {"created_since": NOW - 120 * DAY, "as_of": NOW},
}

names = st.sampled_from(["1", "2", "3"])
moments = st.sampled_from([NOW - step for step in (2 * HOUR, HOUR, timedelta(0), 130 * DAY)] + [NOW + HOUR])
ends = st.sampled_from([NOW, NOW + timedelta(microseconds=1), NOW - HOUR, SOON, NOW - 121 * DAY])


def a_word(name: str, sequence: int, at: datetime, cluster: str | None, ends_at: datetime, author: str) -> Row:
    until = None if cluster is None else ends_at
    event = f"{name}{sequence}{at:%j%H}{cluster}{until}{author}"
    return {"event_id": event, "lead_id": name, "sequence": sequence, "set_at": at, "cluster": cluster,
            "ends_at": until, "author": author, "reason": "it's \"so\" {x}"}  # fmt: skip


override_rows = st.lists(
    st.builds(
        a_word, names, st.integers(1, 3), moments, st.sampled_from(["HOT", "COLD", None]), ends,
        st.sampled_from(["Eva", "Zoë"]),
    ),
    max_size=8,
).map(lambda rows: rows + rows[:2])  # fmt: skip
leads = st.lists(
    st.builds(
        lambda number, name, at: lead(name, event_id=f"e{number}", recorded_at=at, created_at=at - HOUR),
        st.integers(0, 9), names, moments,
    ),
    max_size=5,
    unique_by=lambda row: row["event_id"],
)  # fmt: skip
outcomes = st.lists(
    st.builds(lambda name, at, kind: outcome(name, at, kind, kind), names, moments, st.sampled_from(["open", "lost"])),
    max_size=3,
    unique_by=lambda row: row["event_id"],
)
scores = st.lists(
    st.builds(
        lambda number, name, at, value, points, cluster, by: score(
            name, at, score_id=f"s{number}", predictive_score=value, points=points, score_cluster=cluster, decided_by=by
        ),
        st.integers(0, 9), names, moments, st.sampled_from([None, 20, 60, 90]), st.sampled_from([None, 12.5, 80.0]),
        st.sampled_from(["HOT", "WARM", "COLD", "DISQUALIFIED"]), st.sampled_from([None, "Eva"]),
    ),
    max_size=8,
    unique_by=lambda row: row["score_id"],
)  # fmt: skip


def newest(overrides: list[Row], at: datetime = NOW) -> dict[str, Row]:
    """The newest word about each lead as of a moment."""
    set_by_then = [override for override in overrides if override["set_at"] <= at]
    return {
        override["lead_id"]: override
        for override in sorted(set_by_then, key=lambda w: (w["set_at"], w["sequence"], w["event_id"]))
    }


def holding(overrides: list[Row], at: datetime = NOW) -> dict[str, tuple[str, str]]:
    return {
        name: (override["cluster"], override["author"])
        for name, override in newest(overrides, at).items()
        if override["cluster"] and override["ends_at"] > at
    }


@pytest.mark.parametrize("name", STATEMENTS)
def test_google_accepts_the_statement_and_empty_tables_are_no_error(name: str) -> None:
    assert analyse(statement(name))
    assert_engines_agree(statement(name), STATEMENTS[name], {})


@few
@given(overrides=override_rows, lead_versions=leads)
def test_the_newest_word_of_a_known_lead_holds_until_it_ends_or_is_released(
    overrides: list[Row], lead_versions: list[Row]
) -> None:
    tables = {"overrides": overrides, "leads": lead_versions}
    active = assert_engines_agree(statement("overrides/active"), {"as_of": NOW}, tables)
    known_leads = {row["lead_id"] for row in lead_versions if row["recorded_at"] <= NOW}
    assert {row["lead_id"]: (row["cluster"], row["author"]) for row in active} == {
        name: override for name, override in holding(overrides).items() if name in known_leads
    }
    assert len(active) == len({row["lead_id"] for row in active})


@few
@given(overrides=override_rows, lead_versions=leads, ended=outcomes)
def test_a_known_lead_is_one_row_with_the_newest_word_whatever_became_of_it(
    overrides: list[Row], lead_versions: list[Row], ended: list[Row]
) -> None:
    tables = {"overrides": overrides, "leads": lead_versions, "outcomes": ended}
    latest = assert_engines_agree(statement("overrides/latest"), STATEMENTS["overrides/latest"], tables)
    is_known = any(row["lead_id"] == "1" and row["recorded_at"] <= NOW for row in lead_versions)
    closed = [row for row in ended if row["lead_id"] == "1" and row["outcome"] != "open" and row["recorded_at"] <= NOW]
    assert len(latest) == is_known
    for row in latest:
        last = newest(overrides).get("1", dict.fromkeys(("sequence", "author", "cluster", "ends_at")))
        assert all(row[name] == last[name] for name in ("sequence", "author", "cluster", "ends_at"))
        assert (row["closed_at"] is not None) == bool(closed)


@few
@given(overrides=override_rows)
def test_a_history_has_each_word_once(overrides: list[Row]) -> None:
    history = assert_engines_agree(statement("overrides/history"), ONE, {"overrides": overrides})
    expected_ids = {
        override["event_id"] for override in overrides if override["lead_id"] == "1" and override["set_at"] <= NOW
    }
    recent = {w["event_id"] for w in overrides if w["set_at"].date() >= ONE["first_day"]}
    assert sorted(row["event_id"] for row in history) == sorted(expected_ids & recent)


@few
@given(overrides=override_rows, lead_versions=leads, ended=outcomes)
def test_a_lead_that_was_overridden_lately_is_as_open_as_one_that_came_lately(
    overrides: list[Row], lead_versions: list[Row], ended: list[Row]
) -> None:
    tables = {"overrides": overrides, "leads": lead_versions, "outcomes": ended}
    since = NOW - 120 * DAY
    open_leads = assert_engines_agree(statement("leads/open"), {"created_since": since, "as_of": NOW}, tables)
    versions = {row["lead_id"]: row for row in sorted(lead_versions, key=lambda r: (r["recorded_at"], r["event_id"]))
                if row["recorded_at"] <= NOW}  # fmt: skip
    lately = {w["lead_id"] for w in overrides if w["set_at"] <= NOW and w["ends_at"] and w["ends_at"] >= since}
    closed = {row["lead_id"] for row in ended if row["outcome"] != "open" and row["recorded_at"] <= NOW}
    assert {row["lead_id"] for row in open_leads} == {
        name
        for name, row in versions.items()
        if row["created_at"] <= NOW and (row["created_at"] >= since or name in lately) and name not in closed
    }


@pytest.mark.slow
@few
@given(lead_versions=leads, stored=scores, ended=outcomes, cluster=st.sampled_from([None, "HOT", "DISQUALIFIED"]))
def test_the_list_ranks_a_persons_leads_within_their_band_on_both_engines(
    lead_versions: list[Row], stored: list[Row], ended: list[Row], cluster: str | None
) -> None:
    tables = {"leads": lead_versions, "scores": stored, "outcomes": ended}
    listed = assert_engines_agree(call_list(), {**LIST, "cluster": cluster, "most": 9}, tables)
    for row in listed:
        by_score = row["score"] is not None
        hot, warm = (LIST["hot_score"], LIST["warm_score"]) if by_score else (LIST["hot_points"], LIST["warm_points"])
        bands = {"HOT": (hot, 1e9), "WARM": (warm, hot - 1), "COLD": (-1e9, warm - 1), "DISQUALIFIED": (-1e9, warm - 1)}
        low, high = bands[row["cluster"]] if row["decided_by"] else (-1e9, 1e9)
        assert low <= row["first_key"] <= high
        assert row["decided_by"] or row["first_key"] in (row["score"], row["points"], -1_000_000)


@pytest.mark.slow
@few
@given(lead_versions=leads, stored=scores)
def test_the_calls_that_leads_ask_for_are_the_same_on_both_engines(lead_versions: list[Row], stored: list[Row]) -> None:
    arguments = {**read_demand.demand_parameters(POLICY, "points", NOW), "since": NOW - 28 * DAY, "settled": False}
    assert_engines_agree(statement("thresholds/call_demand"), arguments, {"leads": lead_versions, "scores": stored})


@pytest.mark.slow
@few
@given(overrides=override_rows, stored=scores)
def test_the_outbox_has_unscored_leads_only_where_a_person_spoke(overrides: list[Row], stored: list[Row]) -> None:
    mute = [row | {"basis": "no_champion", "predictive_score": None} for row in stored]
    every = {"first_day": ONE["first_day"], "scored_since": ONE["first_day"],
             "as_of": NOW, "every_lead": True, "lead_ids": [], "every_state": False,
             "dead_letter_code": "", "without": [],
             "retry_dead_letters": False, "most": 10}  # fmt: skip
    pending = assert_engines_agree(statement("deliveries/outbox"), every, {"scores": mute, "overrides": overrides})
    assert {row["lead_id"] for row in pending} <= {override["lead_id"] for override in overrides}
