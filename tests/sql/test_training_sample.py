"""Samples for training: Google's analyser takes the statements, and what is drawn is drawn for all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leadwerk.pipeline.leads.features import (
    features_statement,
    label_parameters,
    labels_statement,
    occurrence_parameters,
    of_sample,
    sampled_features_statement,
    sampled_occurrences_statement,
    training_parameters,
)
from leadwerk.pipeline.leads.training_sample import hash_limit
from leadwerk.warehouse.statement import statement
from sql.hostile import POLICY, Row
from sql.lead_rows import AS_OF, DAY
from sql.reference import analyse, assert_engines_agree, on_duckdb

NOW = AS_OF + 60 * DAY
RANGE = (AS_OF - 90 * DAY, AS_OF + 20 * DAY)
FEATURES, LABELS = sampled_features_statement(POLICY), statement("labels/sampled")


def sample(winners: int, open_or_lost: int, whole_from: Any = NOW) -> dict[str, Any]:
    return {
        "positive": list(POLICY.positive), "known_at": NOW, "whole_from": whole_from,
        "winners_below": hash_limit(winners / 10**6), "others_below": hash_limit(open_or_lost / 10**6),
    }  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Row]]:
    """Forty leads, every fourth of them won after ten days, the others lost; a lead a day."""
    leads = [
        {
            "event_id": f"e{n}", "lead_id": f"L{n}", "recorded_at": AS_OF - n * DAY, "created_at": AS_OF - n * DAY,
            "web_consent": True,
        }
        for n in range(40)
    ]  # fmt: skip
    outcomes = [
        {
            "event_id": f"o{n}", "lead_id": f"L{n}", "day": (at := AS_OF - n * DAY + timedelta(days=10)).date(),
            "occurred_at": at, "recorded_at": at, "status": "x",
            "outcome": POLICY.positive[0] if n % 4 == 0 else "lost",
        }
        for n in range(40)
    ]  # fmt: skip
    return {"leads": leads, "outcomes": outcomes}


def drawn(statement_run: Any, parameters: dict[str, Any], tables: dict[str, list[Row]]) -> set[str]:
    return {row["lead_id"] for row in on_duckdb(statement_run, parameters, tables)}


def test_googles_analyser_takes_the_statements() -> None:
    assert analyse(FEATURES) == analyse(features_statement(POLICY))
    assert set(analyse(LABELS)) == {"lead_id", "as_of", "converted", "has_won", "is_drawn"}
    assert analyse(statement("labels/counts")) == {"day": "DATE", "landmarks": "INT64", "winners": "INT64"}
    assert analyse(sampled_occurrences_statement(POLICY))


def test_a_sample_of_everything_is_everything_on_both_engines(tables: dict[str, list[Row]]) -> None:
    of_labels = label_parameters(POLICY, *RANGE, NOW)
    sampled = assert_engines_agree(LABELS, of_sample(of_labels, sample(10**6, 10**6)), tables)
    plain = assert_engines_agree(labels_statement(POLICY), of_labels, tables)
    assert [(row["lead_id"], row["as_of"], row["converted"]) for row in sampled] == [
        (row["lead_id"], row["as_of"], row["converted"]) for row in plain
    ]
    assert all(row["is_drawn"] for row in sampled)
    assert {row["lead_id"] for row in sampled if row["has_won"]} >= {"L0", "L4", "L8"}


def test_winners_all_come_and_others_by_their_share_on_both_engines(
    tables: dict[str, list[Row]],
) -> None:
    half = sample(10**6, 500_000)
    rows = assert_engines_agree(LABELS, of_sample(label_parameters(POLICY, *RANGE, NOW), half), tables)
    labelled = {row["lead_id"] for row in rows}
    features = drawn(FEATURES, of_sample(training_parameters(POLICY, *RANGE), half), tables)
    assert labelled == features
    assert {f"L{n}" for n in range(0, 40, 4)} <= labelled
    assert 20 <= len(labelled) < 38


def test_the_newest_are_read_whole_and_are_marked(tables: dict[str, list[Row]]) -> None:
    newest = sample(1, 1, AS_OF - 5 * DAY)
    rows = on_duckdb(LABELS, of_sample(label_parameters(POLICY, *RANGE, NOW), newest), tables)
    assert {row["lead_id"] for row in rows} == {f"L{n}" for n in range(6)}
    assert not any(row["is_drawn"] for row in rows)


def test_days_are_counted(tables: dict[str, list[Row]]) -> None:
    parameters = {**label_parameters(POLICY, *RANGE, NOW), "known_at": NOW, "time_zone": "UTC"}
    days = assert_engines_agree(statement("labels/counts"), parameters, tables)
    assert sum(row["landmarks"] for row in days) == 40 * len(POLICY.landmark_days)
    assert sum(row["winners"] for row in days) == 10 * len(POLICY.landmark_days)


def test_occurrences_of_a_sample_take_its_parameters(tables: dict[str, list[Row]]) -> None:
    parameters = occurrence_parameters(POLICY, training_parameters(POLICY, *RANGE))
    assert (
        assert_engines_agree(sampled_occurrences_statement(POLICY), of_sample(parameters, sample(5, 5)), tables) == []
    )
