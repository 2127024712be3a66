"""Scoring in SQL: what BigQuery sends as calls comes back as replies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import CorruptModel, RecordFailure
from leadwerk.features.contract import contract
from leadwerk.pipeline.bulk import remote_scoring
from leadwerk.policy.load import load
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import score_leads
from leadwerk.scoring.score_row import score_id
from leadwerk.scoring.seller_pools import HotThresholds
from support import example_models as models
from support.examples import examples
from support.lead_states import lead_state

POLICY = load("mortgage")
AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SIGNAL = POLICY.signals[0].name
KNOWN = {"as_of": AT.isoformat(), "created_at": "2026-05-02T09:30:00Z"}


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(POLICY), POLICY, threads=1)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    columns = models.columns(POLICY, 50, seed=9)
    return [
        {"lead_id": str(i), **KNOWN, **{name: column[i] for name, column in columns.items()}}
        for i in range(50)
    ]  # fmt: skip


def replies(scorer: Scorer | None, calls: list[Any]) -> list[dict[str, Any]]:
    return [json.loads(reply) for reply in remote_scoring.run(scorer, POLICY, calls).replies]


def calls_of(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [[json.dumps(row)] for row in rows]


def test_replies_are_the_scores_that_the_stage_gives_in_order(scorer, rows):
    expected = score_leads(scorer, POLICY, list(map(lead_state, rows)), explained=False)
    for row, reply, judged in zip(rows, replies(scorer, calls_of(rows)), expected, strict=True):
        assert reply["lead_id"] == row["lead_id"]
        assert reply["score_id"] == score_id(row["lead_id"], AT, judged)
        for name in ("probability", "predictive_score", "score_cluster", "recommended_action", "model_version"):
            assert reply[name] == getattr(judged, name)


BAD = {
    "not JSON": ["{"],
    "another shape": ["[1]"],
    "null": [None],
    "lone surrogate": ["\ud800"],
    "deep": ["[" * 100_000],
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_call_gets_its_own_error_and_spoils_no_other(scorer, rows, bad):
    good = calls_of(rows[:2])
    first, refused, second = replies(scorer, [good[0], bad, good[1]])
    assert [first, second] == replies(scorer, good)
    assert list(refused) == ["error"]
    assert refused["error"]


def test_what_is_wrong_with_a_row_is_named(scorer, rows):
    lacking = {name: value for name, value in rows[0].items() if name != "sessions_7d"}
    worded = rows[0] | {"income": "a lot"}
    unknown = dict.fromkeys(rows[0]) | {"lead_id": "404", "as_of": KNOWN["as_of"], "has_web_behaviour": 0}
    timeless = [rows[0] | {"as_of": as_of} for as_of in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")]
    errors = [reply["error"] for reply in replies(scorer, calls_of([lacking, worded, unknown, *timeless]))]
    assert "sessions_7d" in errors[0]
    assert "$.income" in errors[1]
    assert errors[2] == "Lead 404 does not exist."
    assert all("is before 1990 or after 8999" in error for error in errors[3:])


OVERRIDE = {
    "override_cluster": "HOT",
    "override_author": "eva",
    "override_reason": "knows the buyer",
    "override_set_at": "2026-05-01T00:00:00Z",
    "override_ends_at": "2026-06-01T00:00:00Z",
}
OCCURRENCE = {"signal": SIGNAL, "day": "2026-05-01", "events": 1, "last_at": "2026-05-01T00:00:00Z"}
UNUSABLE = {
    **{f"without {name}": OVERRIDE | {name: None} for name in OVERRIDE if name != "override_cluster"},
    "override until year 1": OVERRIDE | {"override_ends_at": "0001-01-01T00:00:00Z"},
    "override from year 9999": OVERRIDE | {"override_set_at": "9999-12-31T23:59:59-14:00"},
    "created in year 1": {"created_at": "0001-01-01T00:00:00+14:00"},
    **{
        f"occurrence with {name} {str(value)[:30]}": {"occurrences": [OCCURRENCE, OCCURRENCE | {name: value}]}
        for name, value in [
            ("events", 1e20), ("events", 10**20), ("events", 10**310), ("events", -1), ("day", "0001-01-01"),
            ("day", "9999-12-31"), ("last_at", "0001-01-01T00:00:00+14:00"),
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("policy", ["mortgage", "b2b_swiss"])
@pytest.mark.parametrize("bad", UNUSABLE.values(), ids=UNUSABLE)
def test_a_value_that_no_lead_can_have_costs_its_row_only(policy, bad):
    good = {f.name: None for f in contract(load(policy))} | {"lead_id": "1", **KNOWN, "occurrences": [OCCURRENCE]}
    first, refused, second = _scored(policy, [good, good | bad, good])
    assert "error" not in first
    assert first == second
    assert next(iter(bad)).removesuffix("_cluster") in refused["error"] or "$.occurrences[1]" in refused["error"]


@pytest.mark.parametrize("policy", ["mortgage", "b2b_swiss"])
def test_what_a_row_may_say_of_overrides_and_occurrences_is_scored(policy):
    good = {f.name: None for f in contract(load(policy))} | {"lead_id": "1", **KNOWN, "occurrences": [OCCURRENCE]}
    rows = [good | OVERRIDE, good | {"occurrences": [OCCURRENCE | {"events": 10**9}] * 100}]
    assert [reply["points"] >= 0 for reply in _scored(policy, rows)] == [True, True]


def _scored(policy: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [json.loads(reply) for reply in remote_scoring.run(None, load(policy), calls_of(rows)).replies]


def test_a_row_at_which_our_own_code_fails_costs_only_itself(scorer, rows, monkeypatch, caplog):
    monkeypatch.setattr(remote_scoring, "score_leads", _failing_at({"3", "17"}))
    report = remote_scoring.run(scorer, POLICY, calls_of(rows))
    got = [json.loads(reply) for reply in report.replies]
    assert [place for place, reply in enumerate(got) if "error" in reply] == [3, 17]
    assert got[3]["error"].startswith("Lead 3 cannot be read: ZeroDivisionError at test_remote_scoring.py:")
    assert [reply.get("lead_id", "") for reply in got[:5]] == ["0", "1", "2", "", "4"]
    assert (report.scored, report.refused, len(caplog.records)) == (48, 2, 2)


def test_where_our_own_code_fails_the_request_fails_and_may_be_repeated(rows, monkeypatch):
    monkeypatch.setattr(remote_scoring, "TOLERATED_FAILURES", 10)
    monkeypatch.setattr(remote_scoring, "score_leads", _failing_at({str(i) for i in range(50)}))
    with pytest.raises(RecordFailure, match="Lead 10 cannot be read"):
        remote_scoring.run(None, POLICY, calls_of(rows))


def test_a_refusal_of_ours_concerns_the_request_as_a_whole(rows, monkeypatch):
    monkeypatch.setattr(remote_scoring, "score_leads", _failing_at({"3"}, CorruptModel("Broken.")))
    with pytest.raises(CorruptModel):
        remote_scoring.run(None, POLICY, calls_of(rows))


def _failing_at(leads: set[str], error: Exception | None = None) -> Any:
    def failing(scorer: Any, policy: Any, states: Any, **named: Any) -> Any:
        if any(state.lead_id in leads for state in states):
            raise error or ZeroDivisionError("secret")
        return score_leads(scorer, policy, states, **named)

    return failing


@examples(20)
@given(st.data())
def test_the_order_and_the_company_of_rows_change_no_reply(scorer, rows, data):
    chosen = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=20))
    every = replies(scorer, calls_of(rows))
    assert replies(scorer, calls_of([rows[i] for i in chosen])) == [every[i] for i in chosen]


def test_without_a_champion_rows_are_unscored(rows):
    [reply] = replies(None, calls_of(rows[:1]))
    assert (reply["score_cluster"], reply["probability"], reply["basis"]) == ("UNSCORED", None, "no_champion")


def test_the_report_counts(scorer, rows):
    report = remote_scoring.run(scorer, POLICY, [*calls_of(rows[:3]), ["{"]])
    assert (report.scored, report.refused, len(report.replies)) == (3, 1, 4)


def test_no_calls_are_no_replies(scorer):
    assert remote_scoring.run(scorer, POLICY, []).replies == []


def test_every_feature_of_the_contract_must_be_said(scorer, rows):
    for feature in contract(POLICY)[:5]:
        [reply] = replies(scorer, calls_of([{n: v for n, v in rows[0].items() if n != feature.name}]))
        assert feature.name in reply["error"]


def occurred(signal: str, day: str) -> dict[str, Any]:
    return {"signal": signal, "day": day, "events": 1, "last_at": f"{day}T12:00:00Z"}


def test_occurrences_and_status_that_come_along_give_points_and_stage(scorer, rows):
    seen = [occurred("mortgage_simulator", "2026-05-01"), occurred("rates_page", "2026-05-03")]
    complete = rows[0] | {"occurrences": seen, "status": "Prüfung", "outcome": "open"}
    [reply] = replies(scorer, calls_of([complete]))
    assert reply["interest"] > 0
    assert reply["points"] == reply["fit"] + reply["interest"]
    assert (reply["stage"], reply["hot_threshold"]) == ("application", POLICY.bands.hot)
    [nothing] = replies(scorer, calls_of([rows[0] | {"occurrences": None}]))
    assert nothing["interest"] < reply["interest"]
    assert nothing["fit"] == reply["fit"]


def test_a_row_that_is_silent_about_occurrences_gets_no_points(scorer, rows):
    [reply] = replies(scorer, calls_of(rows[:1]))
    assert (reply["fit"], reply["points"], reply["matrix_cell"]) == (None, None, None)


def test_before_there_is_a_model_points_decide(rows):
    [reply] = replies(None, calls_of([rows[0] | {"occurrences": []}]))
    assert (reply["basis"], reply["probability"]) == ("points", None)
    assert reply["score_cluster"] != "UNSCORED"


def test_the_thresholds_of_the_day_hold(scorer, rows):
    policy = msgspec.structs.replace(POLICY, capacity=Capacity(sellers=(Seller(name="anna", hours_per_week=9),)))
    hot = HotThresholds(policy, {("model", ""): 66})
    [reply] = remote_scoring.run(scorer, policy, calls_of(rows[:1]), hot).replies
    assert json.loads(reply)["hot_threshold"] == 66


def test_an_occurrence_that_cannot_be_read_is_named(scorer, rows):
    broken = rows[0] | {"occurrences": [{**occurred("blog", "2026-05-01"), "events": "many"}]}
    [reply] = replies(scorer, calls_of([broken]))
    assert "occurrences" in reply["error"]
