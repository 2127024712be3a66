"""What points are given for: signals by day, idleness and status, of the same leads and moments as the features."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.errors import MissingTable
from leadwerk.pipeline.leads.features import (
    features_statement,
    occurrence_parameters,
    occurrences_statement,
    scoring_parameters,
    training_parameters,
)
from leadwerk.policy.points import PointsModel
from leadwerk.warehouse import schema
from leadwerk.warehouse.statement import INCLUDE, statement
from sql.feature_rows import day, event, form, future_of, link
from sql.hostile import POLICY, Row
from sql.lead_rows import AS_OF, DAY, local_day, tables
from sql.reference import analyse, assert_engines_agree, assert_equal_rows, on_duckdb
from support.examples import examples

SELECT = occurrences_statement(POLICY)
hostile = examples(12, suppress_health_check=[HealthCheck.too_slow])
SIGNALS = [signal.name for signal in POLICY.signals]


def scoring(leads: list[str], visitors: list[str], as_of: datetime = AS_OF, policy: Any = POLICY) -> dict[str, Any]:
    return occurrence_parameters(policy, scoring_parameters(policy, leads, visitors, as_of))


def training() -> dict[str, Any]:
    return occurrence_parameters(POLICY, training_parameters(POLICY, AS_OF - 7 * DAY, AS_OF + 7 * DAY))


def of_one(tables: dict[str, list[Row]], policy: Any = POLICY) -> list[tuple[Any, ...]]:
    """(signal, day, events, last_at) of L1 at AS_OF."""
    occurrences = on_duckdb(occurrences_statement(policy), scoring(["L1"], [], policy=policy), tables)
    rows = [(row["signal"], row["day"], row["events"], row["last_at"]) for row in occurrences]
    return sorted(rows, key=lambda row: (row[1], row[0] or ""))


def test_the_statement_passes_googles_analyser() -> None:
    assert analyse(SELECT) == {
        "lead_id": "STRING", "as_of": "TIMESTAMP", "signal": "STRING", "day": "DATE", "events": "INT64",
        "last_at": "TIMESTAMP",
    }  # fmt: skip


def test_a_policy_without_signals_has_occurrences_too() -> None:
    assert analyse(occurrences_statement(msgspec.structs.replace(POLICY, signals=(), attributes=())))


@pytest.mark.slow
@hostile
@given(tables())
def test_both_engines_agree_when_scoring(tables: dict[str, list[Row]]) -> None:
    occurrences = assert_engines_agree(SELECT, scoring(["L1", "L2", "unknown"], ["v1", "nobody"]), tables)
    assert len({(row["lead_id"], row["signal"], row["day"]) for row in occurrences}) == len(occurrences)
    assert {row["signal"] for row in occurrences} <= {*SIGNALS, None}
    assert all(row["events"] > 0 for row in occurrences)


@pytest.mark.slow
@hostile
@given(tables())
def test_both_engines_agree_when_training(tables: dict[str, list[Row]]) -> None:
    assert_engines_agree(SELECT, training(), tables)


@examples(10, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_training_sees_what_scoring_at_that_moment_would_have_seen(tables: dict[str, list[Row]]) -> None:
    trained = on_duckdb(SELECT, training(), tables)
    for lead, as_of in sorted({(row["lead_id"], row["as_of"]) for row in trained})[:4]:
        alike = [row for row in trained if (row["lead_id"], row["as_of"]) == (lead, as_of)]
        assert_equal_rows(on_duckdb(SELECT, scoring([lead], [], as_of), tables), alike)


@hostile
@given(tables(), st.sampled_from([AS_OF, AS_OF - 2 * DAY, AS_OF - timedelta(hours=12)]))
def test_nothing_at_or_after_the_moment_changes_anything(tables: dict[str, list[Row]], as_of: datetime) -> None:
    future = future_of(tables, as_of)
    past = {name: [row for row in rows if row not in future[name]] for name, rows in tables.items()}
    parameters = scoring(["L1", "L2"], ["v1"], as_of)
    assert_equal_rows(on_duckdb(SELECT, parameters, tables), on_duckdb(SELECT, parameters, past))


@hostile
@given(tables())
def test_the_occurrences_of_ninety_days_are_those_that_features_count(tables: dict[str, list[Row]]) -> None:
    ids = (["L1", "L2"], ["v1"])
    counted = on_duckdb(features_statement(POLICY), scoring_parameters(POLICY, *ids, AS_OF), tables)
    occurrences = on_duckdb(SELECT, scoring(*ids), tables)
    for row in counted:
        for signal in SIGNALS:
            events = sum(o["events"] for o in occurrences if (o["lead_id"], o["signal"]) == (row["lead_id"], signal))
            assert events == (row[f"{signal}_events_90d"] or 0)
        newest = [o["last_at"] for o in occurrences if o["lead_id"] == row["lead_id"] and o["signal"] is None]
        assert [row["days_since_activity"]] == (
            [(AS_OF - at) // timedelta(seconds=1) / 86400 for at in newest] or [None]
        )


def test_days_and_todays_events_are_added_up_over_all_visitors_of_a_lead() -> None:
    at, this_morning = AS_OF - 2 * DAY, AS_OF - timedelta(hours=3)
    signal = {"name": "simulator", "events": 2, "seconds": 1.0, "last_at": at}
    rows = of_one(
        {
            "leads": [form()],
            "identities": [link(), link(visitor_id="v2")],
            "activity_daily": [day(2, signals=[signal]), day(2, visitor_id="v2", signals=[signal])],
            "activity_events": [
                event(this_morning, signal="simulator", signal_count=1),
                event(this_morning + timedelta(hours=1), signal="simulator", signal_count=0, event_rank=2),
                event(AS_OF, signal="simulator", signal_count=1, event_rank=3),
            ],
        }
    )
    later = this_morning + timedelta(hours=1)
    assert rows == [
        ("simulator", local_day(at), 4, at),
        (None, local_day(AS_OF), 1, later),
        ("simulator", local_day(AS_OF), 1, later),
    ]


def test_a_visit_without_a_signal_is_known_and_a_forgotten_signal_is_only_a_visit() -> None:
    forgotten = {"name": "of_last_year", "events": 2, "seconds": 1.0, "last_at": AS_OF - 5 * DAY}
    tables = {"leads": [form()], "identities": [link()], "activity_daily": [day(9), day(5, signals=[forgotten])]}
    assert of_one(tables) == [(None, local_day(AS_OF - 5 * DAY), 1, AS_OF - 5 * DAY)]


def test_touchpoints_count_by_their_signal_without_consent_and_visits_do_not() -> None:
    at = AS_OF - timedelta(hours=13)  # 23:30 of the day before in Zürich, still winter time
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    mail = {"event_id": "t1", "lead_id": "L1", "kind": "email_click"} | times
    fax = {"event_id": "t2", "lead_id": "L1", "kind": "fax"} | times
    tables = {
        "leads": [form(web_consent=False)], "identities": [link()], "activity_daily": [day(1)],
        "touchpoints": [mail, mail, fax],
    }  # fmt: skip
    assert of_one(tables) == [("mail", date(2026, 3, 28), 1, at)]


def test_the_window_is_the_policys() -> None:
    tables = {"leads": [form()], "identities": [link()], "activity_daily": [day(13), day(14)]}
    short, long = (
        msgspec.structs.replace(POLICY, points=PointsModel(window_days=days)) for days in (14, 200)
    )  # fmt: skip
    assert of_one({**tables, "activity_daily": [day(14)]}, short) == []
    assert len(of_one(tables, short)) == 1
    assert len(of_one({**tables, "activity_daily": [day(199)]}, long)) == 1


@pytest.mark.parametrize(
    "file", sorted(schema.FOLDER.glob("*/*.sql")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_every_fragment_that_is_included_is_there_and_used(file: Any) -> None:
    text = file.read_text(encoding="utf-8")
    for name, _ in INCLUDE.findall(text):
        assert (schema.FOLDER / f"{name}.fragment.sql").is_file()
    if file.name.endswith(".fragment.sql"):
        fragment = f"{file.parent.name}/{file.name.removesuffix('.fragment.sql')}"
        texts = [other.read_text(encoding="utf-8") for other in schema.FOLDER.glob("*/*.sql")]
        assert sum(fragment in {name for name, _ in INCLUDE.findall(text)} for text in texts) >= 1


def test_an_included_file_that_is_missing_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "all.sql").write_text("-- All.\n-- include things/nothing\nSELECT 1 AS x\n")
    monkeypatch.setattr(schema, "FOLDER", tmp_path)
    with pytest.raises(MissingTable, match=r"things/nothing\.fragment"):
        statement("things/all")
