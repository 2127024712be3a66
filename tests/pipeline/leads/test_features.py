"""The parameters of features and labels."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from leadwerk.pipeline.leads import features as lead_features
from leadwerk.pipeline.leads.read_lead_states import StoredLeadState
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy, Signal
from leadwerk.warehouse.statement import bound

POLICY = load("mortgage")
NOW = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)


def test_training_and_scoring_run_the_same_statement_with_all_it_declares() -> None:
    statement = lead_features.features_statement(POLICY)
    training = bound(statement, lead_features.training_parameters(POLICY, NOW, NOW))
    scoring = bound(statement, lead_features.scoring_parameters(POLICY, ["L1"], [], NOW))
    assert training.keys() == scoring.keys()


def test_a_further_signal_costs_the_state_of_a_lead_no_column() -> None:
    """Of one lead DuckDB's time goes by columns: nine a signal were a third of it."""

    def text(policy: Policy) -> str:
        return lead_features.lead_states_statement(policy, StoredLeadState, with_forms=False).text

    further = replace(POLICY, signals=(*POLICY.signals, Signal(name="further", event="further")))
    assert text(further) == text(POLICY)
    assert lead_features.features_statement(further).text != lead_features.features_statement(POLICY).text


def test_the_scanned_days_hold_the_longest_window_in_every_time_zone() -> None:
    parameters = lead_features.scoring_parameters(POLICY, [], ["v1"], NOW)
    assert (parameters["first_day"], parameters["last_day"]) == (date(2025, 12, 29), date(2026, 3, 30))


def test_labels_have_all_parameters() -> None:
    statement = lead_features.labels_statement(POLICY)
    parameters = bound(statement, lead_features.label_parameters(POLICY, NOW, NOW, NOW))
    assert (parameters["horizon_days"], parameters["positive"]) == (30, ["paid_out"])
