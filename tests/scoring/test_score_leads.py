"""A judgement is complete with a model, and honest without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from leadwerk.policy.load import load
from leadwerk.scoring.decide import decide
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.scoring.score_row import changed, score_id
from support import example_models as models
from support.lead_states import lead_state, scored_before

MORTGAGE = load("mortgage")
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
LEAD = {"has_web_behaviour": 1, "sessions_7d": 12, "sessions_30d": 14, "loan_to_value": 0.6, "language": "fr"}
STATE = lead_state(LEAD)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(MORTGAGE), MORTGAGE, threads=1)


@pytest.fixture(scope="module")
def judgement(scorer: Scorer) -> LeadScore:
    return score_leads(scorer, MORTGAGE, [STATE])[0]


def test_a_judgement_has_numbers_decision_and_reasons(judgement, scorer):
    assert judgement.basis == "model"
    assert judgement.model_version == scorer.version
    assert judgement.policy_version == MORTGAGE.version
    assert judgement.has_web_behaviour is True
    assert judgement.language == "fr"
    assert decide(judgement.predictive_score, MORTGAGE).cluster == judgement.score_cluster
    assert "visits" in {reason.feature for reason in judgement.reasons}


def test_without_a_champion_nothing_is_invented():
    [judgement] = score_leads(None, MORTGAGE, [STATE])
    assert judgement.basis == "no_champion"
    assert judgement.score_cluster == "UNSCORED"
    assert judgement.recommended_action == "Review_Manually"
    assert (judgement.probability, judgement.predictive_score, judgement.model_version) == (None, None, None)
    assert judgement.reasons == ()


@pytest.mark.parametrize(("spoken", "read"), [("it", "it"), ("rm", "de"), (None, "de")])
def test_a_language_that_the_policy_does_not_speak_becomes_its_first(scorer, spoken, read):
    assert score_leads(scorer, MORTGAGE, [lead_state({**LEAD, "language": spoken})])[0].language == read


def test_reasons_are_left_out_on_demand_and_nothing_else_changes(scorer, judgement):
    [brief] = score_leads(scorer, MORTGAGE, [STATE], explained=False)
    assert brief == msgspec.structs.replace(judgement, reasons=())


def test_no_leads_are_no_judgements(scorer):
    assert score_leads(scorer, MORTGAGE, []) == []


def test_the_id_is_the_same_for_the_same_moment_in_any_zone(judgement):
    zoned = NOW.astimezone(timezone(timedelta(hours=2)))
    assert score_id("1", NOW, judgement) == score_id("1", zoned, judgement)


@pytest.mark.parametrize(
    "other",
    [("2", NOW, {}), ("1", NOW + timedelta(microseconds=1), {}), ("1", NOW, {"model_version": "next"})],
)
def test_another_lead_moment_or_model_has_another_id(judgement, other):
    lead, moment, changes = other
    assert score_id("1", NOW, judgement) != score_id(lead, moment, msgspec.structs.replace(judgement, **changes))


def test_only_what_a_seller_would_notice_is_a_change(judgement):
    stored = lead_state(LEAD, latest_score=scored_before(judgement))
    assert not changed(judgement, stored, MORTGAGE)
    assert not changed(msgspec.structs.replace(judgement, probability=0.123456), stored, MORTGAGE)
    assert changed(judgement, STATE, MORTGAGE)
    assert changed(
        msgspec.structs.replace(judgement, predictive_score=judgement.predictive_score + 1), stored, MORTGAGE
    )
    assert changed(msgspec.structs.replace(judgement, model_version="next"), stored, MORTGAGE)
