"""Queries of the report and the doctor: Google's evaluator and the embedded engine agree, over hostile rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree, evaluate
from support.examples import examples

T0 = datetime(2026, 3, 28, 23, tzinfo=UTC)
NOW = T0 + timedelta(days=40)
PARAMETERS = {
    "first_day": date(2026, 3, 1),
    "scored_since": date(2026, 3, 1),
    "horizon_days": 30,
    "positive": ["won", "paid_out"],
    "as_of": NOW,
    "most": 3,
    "created_since": datetime(2026, 2, 1, tzinfo=UTC),
    "experiment": "spring",
    "contact_statuses": ["reached"],
    "contact_touchpoints": ["call"],
    "end_day": date(2026, 5, 1),
    "last_day": date(2026, 5, 1),
    "time_zone": "Europe/Zurich",
}
NAMES = (
    "scores/outcomes_by_score",
    "scores/distribution",
    "scores/matrix_counts",
    "scores/outcomes_by_points",
    "deliveries/counts_by_state",
    "model_runs/history",
    "extract_runs/totals",
    "leads/totals",
    "leads/daily_series",
    "outcomes/totals",
    "scores/first_predictions",
    "drift_checks/latest",
    "model_runs/last_training",
    "scores/participants",
    "scores/work_probabilities",
    "scores/errors_of_month",
    "outcomes/customer_value",
)
few = examples(15, suppress_health_check=list(HealthCheck))

leads = st.sampled_from(["1", "2", "3"])
# Around the scoring, the end of its horizon, the moment of reading, and equal to each other.
moments = st.sampled_from([T0 + timedelta(days=d) for d in (-40, 0, 0, 1, 9, 30, 31, 40, 41)])


def score(n: int, lead_id: str, at: datetime, **changes: Any) -> Row:
    return {
        "score_id": f"s{n}",
        "lead_id": lead_id,
        "day": at.date(),
        "scored_at": at,
        "stored_at": at,
        "score_origin": "request",
        "basis": "model",
        "model_version": "m1",
        "policy_version": "p",
        "probability": 0.25,
        "predictive_score": 70,
        "score_cluster": "HOT",
        "recommended_action": "Call",
        "language": "de",
        "has_web_behaviour": True,
        "reasons": [],
        **changes,
    }


def outcome(n: int, lead_id: str, at: datetime, kind: str, recorded: datetime | None = None) -> Row:
    return {
        "event_id": f"o{n}",
        "lead_id": lead_id,
        "day": at.date(),
        "occurred_at": at,
        "recorded_at": recorded or at,
        "status": kind,
        "outcome": kind,
    }


def delivery(n: int, score_id: str, at: datetime, attempt: int, state: str) -> Row:
    return {
        "delivery_id": f"d{n}",
        "score_id": score_id,
        "lead_id": "1",
        "day": at.date(),
        "attempted_at": at,
        "attempt": attempt,
        "state": state,
    }


scores = st.lists(
    st.builds(
        score,
        st.integers(0, 9),
        leads,
        moments,
        model_version=st.sampled_from(["m1", "m2"]),
        predictive_score=st.sampled_from([0, 49, 50, 100, None]),
        basis=st.sampled_from(["model", "model", "points", "no_champion"]),
        points=st.sampled_from([None, -12.5, 0.0, 55.25]),
        matrix_cell=st.sampled_from([None, "A1", "D4"]),
        score_cluster=st.sampled_from(["HOT", "COLD"]),
    ),
    max_size=8,
    unique_by=lambda row: row["score_id"],
)
kinds = st.sampled_from(["open", "lost", "won", "paid_out"])
outcomes = st.lists(
    st.builds(outcome, st.integers(0, 9), leads, moments, kinds, moments),
    max_size=8,
    unique_by=lambda row: row["event_id"],
)
deliveries = st.lists(
    st.builds(
        delivery,
        st.integers(0, 9),
        st.sampled_from([f"s{n}" for n in range(10)]),
        moments,
        st.integers(1, 3),
        st.sampled_from(["sent", "retry", "dead_letter"]),
    ),
    max_size=8,
    unique_by=lambda row: row["delivery_id"],
)


@pytest.mark.parametrize("name", NAMES)
def test_google_accepts_every_statement(name: str) -> None:
    assert analyse(statement(name))


@pytest.mark.parametrize("name", NAMES)
def test_empty_tables_are_no_error(name: str) -> None:
    assert_engines_agree(statement(name), PARAMETERS, {})


@pytest.mark.slow
@few
@given(scores, outcomes)
def test_what_became_of_scored_leads_is_the_same_on_both_engines(scores: list[Row], outcomes: list[Row]) -> None:
    assert_engines_agree(statement("scores/outcomes_by_score"), PARAMETERS, {"scores": scores, "outcomes": outcomes})
    assert_engines_agree(statement("scores/outcomes_by_points"), PARAMETERS, {"scores": scores, "outcomes": outcomes})


@pytest.mark.slow
@few
@given(scores, deliveries)
def test_the_state_of_deliveries_is_the_same_on_both_engines(scores: list[Row], deliveries: list[Row]) -> None:
    tables = {"scores": scores, "deliveries": deliveries}
    assert_engines_agree(statement("deliveries/counts_by_state"), PARAMETERS, tables)
    assert_engines_agree(statement("scores/distribution"), PARAMETERS, tables)
    assert_engines_agree(statement("scores/matrix_counts"), PARAMETERS, tables)


@few
@given(outcomes)
def test_totals_of_outcomes_are_the_same_on_both_engines(outcomes: list[Row]) -> None:
    assert_engines_agree(statement("outcomes/totals"), PARAMETERS, {"outcomes": outcomes})


def matured(scores: list[Row], outcomes: list[Row]) -> list[tuple[str, bool]]:
    rows = evaluate(statement("scores/outcomes_by_score"), PARAMETERS, {"scores": scores, "outcomes": outcomes})
    return sorted((row["lead_id"], row["converted"]) for row in rows)


def test_only_leads_whose_outcome_is_certain_count() -> None:
    late, after = T0 + timedelta(days=31), T0 + timedelta(days=5)
    scores = [score(n, lead, T0) for n, lead in enumerate(["won", "lost", "late", "open", "closed", "unknown"])]
    outcomes = [
        outcome(1, "won", after, "paid_out"),
        outcome(2, "lost", after, "lost"),
        outcome(3, "late", late, "won"),
        outcome(4, "open", after, "open"),
        outcome(5, "closed", T0 - timedelta(days=1), "lost"),
    ]
    assert matured(scores, outcomes) == [("late", False), ("lost", False), ("won", True)]


def test_a_horizon_that_has_not_passed_says_nothing_yet() -> None:
    early = NOW - timedelta(days=29)
    assert matured([score(1, "1", early)], [outcome(1, "1", early + timedelta(days=1), "won")]) == []


def test_the_first_score_of_a_model_counts_not_the_one_that_knew_more() -> None:
    scores = [score(1, "1", T0, predictive_score=40), score(2, "1", T0 + timedelta(days=3), predictive_score=90)]
    tables = {"scores": scores, "outcomes": [outcome(1, "1", T0 + timedelta(days=4), "won")]}
    rows = evaluate(statement("scores/outcomes_by_score"), PARAMETERS, tables)
    assert [row["predictive_score"] for row in rows] == [40]


def test_the_device_is_that_of_the_last_visit_before_the_score() -> None:
    visits = [
        {
            "day": at.date(), "visitor_id": "v", "first_at": at, "last_at": at, "events": 1, "sessions": 1,
            "page_views": 1, "seconds": 1.0, "device_category": device, "first_hour": 1, "weekday": 1, "signals": [],
        }
        for at, device in (
            (T0 - timedelta(days=2), "mobile"), (T0 - timedelta(days=1), None), (T0 + timedelta(days=1), "desktop"),
        )
    ]  # fmt: skip
    tables = {
        "scores": [score(1, "1", T0)],
        "outcomes": [outcome(1, "1", T0 + timedelta(days=4), "won")],
        "identities": [{"visitor_id": "v", "lead_id": "1", "linked_at": T0 - timedelta(days=2), "source": "form"}],
        "activity_daily": visits,
    }
    rows = assert_engines_agree(statement("scores/outcomes_by_score"), PARAMETERS, tables)
    assert [row["device"] for row in rows] == ["mobile"]


def test_a_score_that_was_tried_again_has_the_state_of_the_last_attempt() -> None:
    tables = {
        "scores": [score(1, "1", T0), score(2, "2", T0)],
        "deliveries": [delivery(1, "s1", T0, 1, "retry"), delivery(2, "s1", T0 + timedelta(hours=1), 2, "sent")],
    }
    rows = assert_engines_agree(statement("deliveries/counts_by_state"), PARAMETERS, tables)
    assert [(row["delivery"], row["leads"], row["unknown_leads"]) for row in rows] == [
        ("pending", 1, 0),
        ("sent", 1, 0),
    ]


def test_scores_of_the_future_do_not_wait_and_unknown_leads_are_counted() -> None:
    tables = {
        "scores": [score(1, "1", T0), score(2, "1", NOW + timedelta(days=1)), score(3, "2", T0)],
        "deliveries": [
            delivery(1, "s1", T0, 1, "sent"),
            {**delivery(2, "s3", T0, 1, "dead_letter"), "http_status": 404},
        ],
    }
    rows = assert_engines_agree(statement("deliveries/counts_by_state"), PARAMETERS, tables)
    assert [(row["delivery"], row["leads"], row["unknown_leads"]) for row in rows] == [
        ("dead_letter", 1, 1),
        ("sent", 1, 0),
    ]


def extracted(day: int, run_at: datetime, source: str, events_kept: int) -> Row:
    counts = dict.fromkeys(("events_read", "duplicates", "bots", "own_traffic", "without_visitor", "unusable"), 1)
    return {
        "day": date(2026, 3, day),
        "run_at": run_at,
        "source": source,
        **counts,
        "events_kept": events_kept,
        "visitors": 1,
    }


def test_a_day_extracted_again_counts_once() -> None:
    runs = [
        extracted(1, T0, "intraday", 5),
        extracted(1, T0 + timedelta(days=1), "daily", 7),
        extracted(2, T0, "missing", 0),
    ]
    rows = assert_engines_agree(statement("extract_runs/totals"), PARAMETERS, {"extract_runs": runs})
    assert (rows[0]["days"], rows[0]["missing_days"], rows[0]["events_kept"]) == (2, 1, 7)


def test_leads_are_counted_by_their_newest_version() -> None:
    def version(event: str, lead_id: str, at: datetime, consent: bool) -> Row:
        return {"event_id": event, "lead_id": lead_id, "recorded_at": at, "created_at": T0, "web_consent": consent}

    tables = {
        "leads": [
            version("a", "1", T0, True),
            version("b", "1", T0 + timedelta(days=1), False),
            version("c", "2", T0, True),
        ],
        "identities": [
            {"visitor_id": "v", "lead_id": "2", "linked_at": T0, "source": "form"},
            {"visitor_id": "w", "lead_id": "2", "linked_at": T0, "source": "login"},
        ],
    }
    rows = assert_engines_agree(statement("leads/totals"), PARAMETERS, tables)
    assert (rows[0]["leads"], rows[0]["with_consent"], rows[0]["linked"]) == (2, 1, 1)


def test_the_history_of_models_has_the_newest_first() -> None:
    runs = [
        {
            "run_id": f"r{n}",
            "trained_at": T0 + timedelta(days=n),
            "promoted": n == 1,
            "reason": "because",
            "row_count": 10,
            "positives": 1,
            "metrics": "{}",
        }
        for n in range(5)
    ]
    rows = assert_engines_agree(statement("model_runs/history"), PARAMETERS, {"model_runs": runs})
    assert [row["trained_at"] for row in rows] == [T0 + timedelta(days=n) for n in (4, 3, 2)]


def created(lead_id: str, at: datetime, event: str = "a") -> Row:
    return {"event_id": event, "lead_id": lead_id, "recorded_at": at, "created_at": T0, "web_consent": False}


@pytest.mark.slow
@few
@given(scores, outcomes)
def test_first_predictions_are_the_same_on_both_engines(scores: list[Row], outcomes: list[Row]) -> None:
    tables = {"scores": scores, "outcomes": outcomes, "leads": [created(lead, T0) for lead in ("1", "2", "3")]}
    assert_engines_agree(statement("scores/first_predictions"), PARAMETERS, tables)


def test_a_first_prediction_is_a_models_and_none_of_who_objects() -> None:
    tables = {
        "leads": [created("1", T0), created("2", T0), created("3", T0)],
        "scores": [
            score(1, "1", T0, probability=None, basis="points"),
            score(2, "1", T0 + timedelta(days=1), probability=0.1),
            score(3, "1", T0 + timedelta(days=2), probability=0.9),
            score(4, "3", T0),
        ],
        "outcomes": [
            outcome(1, "1", T0 + timedelta(days=3), "paid_out"),
            outcome(2, "1", T0 + timedelta(days=5), "lost"),
            outcome(3, "2", T0 + timedelta(days=3), "open"),
        ],
        "objections": [
            {"event_id": "x", "lead_id": "3", "set_at": T0, "author": "Eva", "reason": "asked", "is_withdrawn": False}
        ],
    }
    rows = assert_engines_agree(statement("scores/first_predictions"), PARAMETERS, tables)
    assert [(row["lead_id"], row["probability"], row["is_closed"]) for row in rows] == [
        ("1", 0.1, True),
        ("2", None, False),
    ]
    assert rows[0]["converted_at"] == T0 + timedelta(days=3)


def test_the_latest_checks_and_the_last_training_are_of_a_moment() -> None:
    def check(monitor: str, at: datetime, *, alarm: bool) -> Row:
        columns = {"model_version": "m", "policy_version": "p", "leads": 3, "drivers": "[]"}
        return {"check_id": f"{at} {monitor}", "checked_at": at, "monitor": monitor, "alarm": alarm, **columns}

    checks = [check("outcomes", T0 + timedelta(days=n), alarm=n == 1) for n in range(3)]
    checks += [check("scores", T0, alarm=False), check("scores", NOW + timedelta(days=1), alarm=True)]
    rows = assert_engines_agree(statement("drift_checks/latest"), PARAMETERS, {"drift_checks": checks})
    latest = [(row["monitor"], row["checked_at"]) for row in rows]
    assert latest == [("outcomes", T0 + timedelta(days=2)), ("scores", T0)]
    run = {"run_id": "r", "trained_at": T0, "promoted": False, "reason": "because", "row_count": 1, "positives": 0}
    later = {**run, "run_id": "s", "trained_at": NOW + timedelta(days=1)}
    runs = [{**row, "metrics": "{}"} for row in (run, later)]
    rows = assert_engines_agree(statement("model_runs/last_training"), PARAMETERS, {"model_runs": runs})
    assert [row["trained_at"] for row in rows] == [T0]


def test_daily_series_count_by_the_policys_clock_on_both_engines() -> None:
    """T0 is midnight in Zurich already, and the clocks change in the night after it."""
    activity = {
        "visitor_id": "v", "first_at": T0, "last_at": T0, "events": 3, "scroll_percent": None, "medium": None,
        "language": None, "first_hour": 0, "weekday": 7, "calculator": None, "first_source": None,
        "first_medium": None, "sessions": 2, "source": "google", "device_category": None, "day": date(2026, 3, 29),
    }  # fmt: skip
    signal = {"name": "calculator", "events": 4, "seconds": 1.0, "last_at": T0}
    tables = {
        "leads": [
            created("1", T0) | {"created_at": T0, "channel": "phone"},
            created("2", T0) | {"created_at": T0 - timedelta(seconds=1), "channel": None},
        ],
        "activity_daily": [
            activity | {"page_views": 1, "seconds": 0.5, "signals": []},
            activity | {"visitor_id": "w", "page_views": 5, "seconds": 60.0, "signals": [signal]},
        ],
        "touchpoints": [
            {"event_id": "t", "lead_id": "1", "day": T0.date(), "occurred_at": T0, "recorded_at": T0, "kind": "call"}
        ],
    }
    rows = assert_engines_agree(statement("leads/daily_series"), PARAMETERS, tables)
    counts = {(row["kind"], row["name"], row["day"].isoformat()): row["events"] for row in rows}
    assert counts == {
        ("leads", "phone", "2026-03-29"): 1,
        ("leads", "", "2026-03-28"): 1,
        ("visits", "", "2026-03-29"): 4,
        ("idle_visits", "google ", "2026-03-29"): 2,
        ("signals", "calculator", "2026-03-29"): 1,
        ("touchpoints", "call", "2026-03-28"): 1,
    }


def arm_score(n: int, lead_id: str, at: datetime, arm: str, **changes: Any) -> Row:
    return score(n, lead_id, at, experiment="spring", arm=arm, arm_probability=0.5, work_probability=0.25, **changes)


arm_scores = st.lists(
    st.builds(arm_score, st.integers(0, 9), leads, moments, st.sampled_from(["scored", "control", "exploration"])),
    max_size=8,
    unique_by=lambda row: row["score_id"],
)


@pytest.mark.slow
@few
@given(arm_scores, outcomes)
def test_participants_and_their_probabilities_are_the_same_on_both_engines(
    scores: list[Row], outcomes: list[Row]
) -> None:
    calls = [
        {"event_id": f"t{n}", "lead_id": "1", "day": at.date(), "occurred_at": at, "recorded_at": at, "kind": "call"}
        for n, at in enumerate((T0, T0 + timedelta(days=9), NOW + timedelta(days=1)))
    ]
    tables = {"scores": scores, "outcomes": outcomes, "touchpoints": calls}
    tables["leads"] = [created(lead, T0) for lead in ("1", "2", "3")]
    assert_engines_agree(statement("scores/participants"), PARAMETERS, tables)
    assert_engines_agree(statement("scores/work_probabilities"), PARAMETERS, tables)


def test_participants_keep_their_first_arm_and_count_what_came_within_the_horizon() -> None:
    late = T0 + timedelta(days=31)
    tables = {
        "leads": [created("1", T0), created("2", T0), created("3", NOW) | {"created_at": NOW}],
        "scores": [
            arm_score(1, "1", T0, "exploration"),
            arm_score(2, "1", T0 + timedelta(days=2), "scored"),
            arm_score(3, "2", T0, "control"),
            arm_score(4, "3", NOW, "scored"),
            score(5, "9", T0),
        ],
        "outcomes": [
            outcome(1, "1", T0 + timedelta(days=3), "won") | {"amount": 70.0},
            outcome(2, "2", late, "won"),
            outcome(3, "1", T0 + timedelta(days=1), "open") | {"status": "reached"},
        ],
    }
    rows = assert_engines_agree(statement("scores/participants"), PARAMETERS, tables)
    assert [
        (row["lead_id"], row["arm"], row["won_at"] is not None, row["calls"], row["is_mature"]) for row in rows
    ] == [
        ("1", "exploration", True, 1, True),
        ("2", "control", False, 0, True),
        ("3", "scored", False, 0, False),
    ]
    assert rows[0]["amount"] == 70.0


@pytest.mark.slow
@few
@given(scores, outcomes)
def test_errors_and_customers_are_the_same_on_both_engines(scores: list[Row], outcomes: list[Row]) -> None:
    versions = [created(lead, T0) | {"account_id": "A" if lead != "3" else None} for lead in ("1", "2", "3")]
    verdict = {"event_id": "v", "lead_id": "1", "day": T0.date(), "given_at": T0, "seller": "eva", "verdict": "bad"}
    tables = {"scores": scores, "outcomes": outcomes, "leads": versions, "verdicts": [verdict]}
    assert_engines_agree(statement("scores/errors_of_month"), PARAMETERS, tables)
    assert_engines_agree(statement("outcomes/customer_value"), PARAMETERS, tables)


@pytest.mark.parametrize(
    "name",
    [
        "deliveries/oldest_waiting", "rejections/unknown_statuses", "activity_daily/signals_seen",
        "touchpoints/kinds_seen", "workflow_actions/waiting",
    ],
)  # fmt: skip
def test_the_doctors_statements_pass_googles_analyser(name: str) -> None:
    assert analyse(statement(name))
