"""Queries of the thresholds: what Google's evaluator says, the embedded engine says, and it is what Python counts."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline.thresholds import read_demand
from leadwerk.policy.load import load
from leadwerk.policy.selling import RankingRule
from leadwerk.scoring.decide import ranked
from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree
from support.examples import examples

T0 = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = (0, 10, 20, 27, 28, 40, 50)
MOMENTS = [T0 + timedelta(days=days) for days in DAYS]
SINCE, NOW = T0 + timedelta(days=28), T0 + timedelta(days=50)
LOW, HIGH = 40, 60
moments = st.sampled_from(MOMENTS)
lead_ids = st.sampled_from(["1", "2", "3"])
few = examples(15, suppress_health_check=list(HealthCheck))


def lead(event: str, lead_id: str, recorded_at: datetime, created_at: datetime, region: str | None) -> dict[str, Any]:
    return {
        "event_id": event, "lead_id": lead_id, "recorded_at": recorded_at, "created_at": created_at,
        "web_consent": True, "language": "de", "region": region,
    }  # fmt: skip


def score(
    lead_id: str, scored_at: datetime, points: float | None, predictive: int | None, cluster: str
) -> dict[str, Any]:
    return {
        "score_id": f"{lead_id}{scored_at}", "lead_id": lead_id, "day": scored_at.date(), "scored_at": scored_at,
        "stored_at": scored_at, "score_origin": "rescore", "basis": "model", "policy_version": "p", "points": points,
        "predictive_score": predictive, "probability": None if predictive is None else predictive / 100,
        "score_cluster": cluster, "recommended_action": "Call", "language": "de", "has_web_behaviour": False,
    }  # fmt: skip


def outcome(event: str, lead_id: str, occurred_at: datetime, kind: str) -> dict[str, Any]:
    return {
        "event_id": event, "lead_id": lead_id, "day": occurred_at.date(), "occurred_at": occurred_at,
        "recorded_at": occurred_at, "status": kind, "outcome": kind,
    }  # fmt: skip


def stored_threshold(day: int, basis: str, seller_pool: str, hot: int, hours: int) -> dict[str, Any]:
    on = date(2026, 3, day)
    return {
        "day": on, "decided_at": datetime(2026, 3, day, hours, tzinfo=UTC), "basis": basis, "seller_pool": seller_pool,
        "hot": hot, "wanted": hot, "direction": 0, "calls_per_week": 1.5, "capacity_per_week": 2.0, "reason": "fits",
        "policy_version": "p",
    }  # fmt: skip


leads = st.lists(
    st.builds(lead, st.sampled_from("abcd"), lead_ids, moments, moments, st.sampled_from([None, "CH-ZH", "CH-VD"])),
    max_size=8,
    unique_by=lambda row: (row["event_id"], row["lead_id"], row["recorded_at"]),
)
scores = st.lists(
    st.builds(
        score, lead_ids, moments, st.sampled_from([None, -120.0, 39.99, 40.0, 52.5, 130.0]),
        st.none() | st.sampled_from([0, 41, 59, 60, 100]), st.sampled_from(["HOT", "WARM", "DISQUALIFIED"]),
    ),
    max_size=10,
    unique_by=lambda row: row["score_id"],
)  # fmt: skip
outcomes = st.lists(
    st.builds(outcome, st.sampled_from("wxyz"), lead_ids, moments, st.sampled_from(["open", "lost", "won"])), max_size=6
)
rows_of_thresholds = st.lists(
    st.builds(
        stored_threshold, st.integers(1, 4), st.sampled_from(["points", "model"]),
        st.sampled_from(["", "anna", "anna+beat"]), st.integers(40, 60), st.integers(0, 23),
    ),
    max_size=8,
    unique_by=lambda row: (row["day"], row["basis"], row["seller_pool"]),
)  # fmt: skip


@pytest.mark.parametrize("name", ["thresholds/latest", "thresholds/call_demand", "thresholds/conversions_by_value"])
def test_the_analyser_accepts_it(name):
    assert analyse(statement(name))


def hold(day: int, basis: str, seller_pool: str, hot: int | None, until: int | None) -> dict[str, Any]:
    return {
        "set_at": datetime(2026, 3, day, 8, tzinfo=UTC), "basis": basis, "seller_pool": seller_pool, "hot": hot,
        "until": until and date(2026, 3, until), "author": "eva", "reason": "trade fair",
    }  # fmt: skip


holds = st.lists(
    st.builds(
        hold, st.integers(1, 4), st.sampled_from(["points", "model"]), st.sampled_from(["", "anna"]),
        st.none() | st.integers(40, 60), st.none() | st.integers(1, 6),
    ),
    max_size=6,
    unique_by=lambda row: (row["set_at"], row["basis"], row["seller_pool"]),
)  # fmt: skip


@few
@given(stored=rows_of_thresholds, holds=holds, as_of=st.integers(1, 4))
def test_what_a_person_said_last_stands_until_it_ends_or_is_ended(stored, holds, as_of):
    today = date(2026, 3, as_of)
    parameters = {"threshold_since": date(2026, 3, 2), "day": today, "as_of": datetime(2026, 3, as_of, 12, tzinfo=UTC)}
    tables = {"thresholds": stored, "threshold_holds": holds}
    latest = assert_engines_agree(statement("thresholds/latest"), parameters, tables)
    newest = {
        (h["basis"], h["seller_pool"]): h for h in sorted(holds, key=lambda h: h["set_at"]) if h["set_at"].day <= as_of
    }
    assert {(r["basis"], r["seller_pool"]): (r["hot"], r["author"], r["reason"]) for r in latest if r["is_hold"]} == {
        key: (h["hot"], "eva", "set")
        for key, h in newest.items()
        if h["hot"] is not None and (h["until"] is None or h["until"] >= today)
    }


@few
@given(stored=rows_of_thresholds, as_of=st.integers(1, 4))
def test_the_newest_threshold_of_each_seller_pool_decided_by_then(stored, as_of):
    parameters = {
        "threshold_since": date(2026, 3, 2),
        "day": date(2026, 3, as_of),
        "as_of": datetime(2026, 3, as_of, 12, tzinfo=UTC),
    }
    latest = assert_engines_agree(statement("thresholds/latest"), parameters, {"thresholds": stored})
    newest = {}
    for row in sorted(stored, key=lambda row: row["day"]):
        if row["day"] >= parameters["threshold_since"] and row["decided_at"] <= parameters["as_of"]:
            newest[row["basis"], row["seller_pool"]] = row["hot"]
    assert {(row["basis"], row["seller_pool"]): row["hot"] for row in latest} == newest


POLICY = msgspec.structs.replace(load("mortgage"), decision=RankingRule(rank_by="both", points_weight=40))


def ranking(weight: int) -> dict[str, Any]:
    return read_demand.ranking(POLICY, "points" if weight == 100 else "model") | {"points_weight": weight}


def value(row: dict[str, Any], weight: int) -> float | None:
    points, predictive = row["points"], row["predictive_score"]
    if weight == 100:
        return points
    if weight == 0:
        return predictive
    rating: Any = SimpleNamespace(points=points, disqualified=False)
    ranking_value = None if points is None or predictive is None else ranked(predictive, POLICY, rating)
    return None if ranking_value is None else ranking_value[0]


@pytest.mark.slow
@few
@given(lead_versions=leads, scored=scores, last=scores, outcomes=outcomes)
def test_the_last_score_of_a_closed_lead_counts_for_no_threshold(lead_versions, scored, last, outcomes):
    closing = [row | {"score_id": f"closing {row['score_id']}", "score_origin": "outcome"} for row in last]
    shared = {"first_day": T0.date(), "as_of": NOW, "low": LOW, "high": HIGH, **ranking(0)}
    arguments_of = {
        "thresholds/call_demand": {"since": SINCE, "settled": False},
        "thresholds/conversions_by_value": {"horizon_days": 1, "look_back_days": 1, "positive": ["won"]},
    }
    for name, arguments in arguments_of.items():
        tables = {"leads": lead_versions, "outcomes": outcomes, "scores": scored}
        counts = assert_engines_agree(statement(name), shared | arguments, tables | {"scores": [*scored, *closing]})
        assert counts == assert_engines_agree(statement(name), shared | arguments, tables)


@pytest.mark.slow
@few
@given(lead_versions=leads, scored=scores, weight=st.sampled_from([0, 40, 100]), settled=st.booleans())
def test_leads_that_newly_reached_each_level(lead_versions, scored, weight, settled):
    parameters = {
        "first_day": T0.date(), "since": SINCE, "settled": settled, "as_of": NOW, "low": LOW, "high": HIGH,
        **ranking(weight),
    }  # fmt: skip
    call_demand = assert_engines_agree(
        statement("thresholds/call_demand"), parameters, {"leads": lead_versions, "scores": scored}
    )
    newest = {v["lead_id"]: v for v in sorted(lead_versions, key=lambda v: (v["recorded_at"], v["event_id"]))}
    firsts = [s["scored_at"] for s in scored if s["score_cluster"] != "DISQUALIFIED" and value(s, weight) is not None]
    since = max(SINCE, min(firsts, default=SINCE)) if settled else SINCE
    with_value = 0
    expected: Counter[tuple[str | None, int]] = Counter()
    for lead_id, version in newest.items():
        valued = [
            (s["scored_at"], v)
            for s in scored
            if s["lead_id"] == lead_id and s["score_cluster"] != "DISQUALIFIED" and (v := value(s, weight)) is not None
        ]
        earlier = max((v for at, v in valued if at <= since), default=None)
        highest = max((v for _, v in valued), default=None)
        with_value += highest is not None
        if highest is None or (earlier is None and version["created_at"] < since):
            continue
        for level in range(LOW, HIGH + 1):
            expected[version["region"], level] += highest >= level and (earlier is None or earlier < level)
    counted = {
        (region, level): sum(r["leads"] for r in call_demand if r["region"] == region and (r["value"] or 0) >= level)
        for region in {r["region"] for r in call_demand if r["value"] is not None}
        for level in range(LOW, HIGH + 1)
    }
    assert {key: n for key, n in counted.items() if n} == {key: n for key, n in expected.items() if n}
    first = min((v["created_at"] for v in newest.values()), default=None)
    assert {(r["first_created_at"], r["leads_with_value"], r["began_at"]) for r in call_demand} == {
        (first, with_value, since)
    }


def test_a_risen_lead_counts_between_its_old_and_new_score_with_its_chance():
    lead_versions = [lead("a", "1", T0, T0, "CH-ZH")]
    scored = [score("1", MOMENTS[1], 45, 10, "WARM"), score("1", MOMENTS[5], 52.9, 30, "HOT")]
    parameters = {
        "first_day": T0.date(), "since": SINCE, "settled": False, "as_of": NOW, "low": LOW, "high": HIGH,
        **ranking(100),
    }  # fmt: skip
    call_demand = assert_engines_agree(
        statement("thresholds/call_demand"), parameters, {"leads": lead_versions, "scores": scored}
    )
    assert [(r["value"], r["leads"], r["expected_conversions"]) for r in call_demand] == [(45, -1, -0.3), (52, 1, 0.3)]


@pytest.mark.slow
@few
@given(scored=scores, closed=outcomes, weight=st.sampled_from([0, 40, 100]))
def test_what_past_leads_of_each_level_came_to(scored, closed, weight):
    parameters = {
        "first_day": T0.date(), "as_of": NOW, **ranking(weight), "low": LOW, "high": HIGH, "horizon_days": 20,
        "look_back_days": 15, "positive": ["won"],
    }  # fmt: skip
    tables = {"scores": scored, "outcomes": closed}
    conversions = assert_engines_agree(statement("thresholds/conversions_by_value"), parameters, tables)
    expected: Counter[tuple[int, bool]] = Counter()
    for lead_id in ("1", "2", "3"):
        mature_lead = _certain(lead_id, scored, closed, weight)
        if mature_lead is not None:
            expected[mature_lead] += 1
    levels = sorted({level for level, _ in expected})
    assert [(r["value"], r["leads"], r["converted"]) for r in conversions] == [
        (level, expected[level, True] + expected[level, False], expected[level, True]) for level in levels
    ]


def _certain(lead_id, scored, closed, weight) -> tuple[int, bool] | None:
    mine = [s for s in scored if s["lead_id"] == lead_id and s["score_cluster"] != "DISQUALIFIED"]
    valued = [(s["scored_at"], v) for s in mine if (v := value(s, weight)) is not None]
    events = sorted((o for o in closed if o["lead_id"] == lead_id), key=lambda o: (o["occurred_at"], o["event_id"]))
    if not valued or not events:
        return None
    first = min(at for at, _ in valued)
    ended = min((o["occurred_at"] for o in events if o["outcome"] != "open"), default=None)
    won = min((o["occurred_at"] for o in events if o["outcome"] == "won"), default=None)
    converted = won is not None and won <= first + timedelta(days=20)
    ripe = first + timedelta(days=20) <= NOW and ended is not None and ended > first
    if not ripe or not (events[-1]["outcome"] != "open" or converted):
        return None
    highest = max(v for at, v in valued if at < ended and at <= first + timedelta(days=15))
    return min(max(math.floor(highest), LOW - 1), HIGH), converted
