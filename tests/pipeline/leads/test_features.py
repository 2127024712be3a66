"""The parameters of features and labels."""

from __future__ import annotations

from datetime import UTC, date, datetime

from leadwerk.pipeline.leads import features as lead_features
from leadwerk.policy.load import load
from leadwerk.warehouse.statement import bound

POLICY = load("mortgage")
NOW = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)


def test_training_and_scoring_run_the_same_statement_with_all_it_declares() -> None:
    statement = lead_features.features_statement(POLICY)
    training = bound(statement, lead_features.training_parameters(POLICY, NOW, NOW))
    scoring = bound(statement, lead_features.scoring_parameters(POLICY, ["L1"], [], NOW))
    assert training.keys() == scoring.keys()


def test_the_scanned_days_hold_the_longest_window_in_every_time_zone() -> None:
    parameters = lead_features.scoring_parameters(POLICY, [], ["v1"], NOW)
    assert (parameters["first_day"], parameters["last_day"]) == (date(2025, 12, 29), date(2026, 3, 30))


def test_labels_have_all_parameters() -> None:
    statement = lead_features.labels_statement(POLICY)
    parameters = bound(statement, lead_features.label_parameters(POLICY, NOW, NOW, NOW))
    assert (parameters["horizon_days"], parameters["positive"]) == (30, ["paid_out"])
