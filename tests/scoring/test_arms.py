"""A lead of the control group holds nothing of its score; exploration works leads of low scores and says so."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from leadwerk.experiment.assignment import assign
from leadwerk.policy.experiment import Experiment
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, score_leads
from support import example_models as models
from support.lead_states import MOMENT, lead_state

EXPERIMENT = Experiment(
    name="spring",
    starts=date(2026, 1, 1),
    ends=date(2027, 1, 1),
    control_percent=40,
    call_percent=50,
    exploration_percent=30,
)
POLICY = msgspec.structs.replace(load("mortgage"), experiment=EXPERIMENT)
KEEN = {"has_web_behaviour": 1, "sessions_7d": 30, "sessions_30d": 40, "loan_to_value": 0.6, "language": "fr"}
IDLE = {**KEEN, "sessions_7d": 0, "sessions_30d": 0, "loan_to_value": 0.99}
IDS = [f"L{number}" for number in range(120)]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(POLICY), POLICY, threads=1)


def scores_of(
    scorer: Scorer | None, features: dict[str, object], policy: Policy = POLICY, **state: object
) -> dict[str, LeadScore]:
    states = [lead_state(features, lead_id=lead_id, created_at=MOMENT, **state) for lead_id in IDS]
    return dict(zip(IDS, score_leads(scorer, policy, states), strict=True))


def arms(scores: dict[str, LeadScore]) -> set[str | None]:
    return {score.arm for score in scores.values()}


def test_the_bytes_of_a_control_lead_do_not_depend_on_its_score(scorer: Scorer) -> None:
    keen, idle = scores_of(scorer, KEEN), scores_of(scorer, IDLE)
    control = [lead_id for lead_id in IDS if keen[lead_id].arm == "control"]
    assert 0.25 * len(IDS) < len(control) < 0.55 * len(IDS)
    for lead_id in control:
        assert msgspec.json.encode(keen[lead_id]) == msgspec.json.encode(idle[lead_id])
        assert keen[lead_id].basis == "control"
        assert keen[lead_id].probability is keen[lead_id].predictive_score is keen[lead_id].points is None
        assert (keen[lead_id].reasons, keen[lead_id].ledger, keen[lead_id].matrix_cell) == ((), (), None)
    scored = [lead_id for lead_id in IDS if keen[lead_id].arm == "scored"]
    assert any(msgspec.json.encode(keen[lead_id]) != msgspec.json.encode(idle[lead_id]) for lead_id in scored)


def test_lots_decide_who_of_the_control_group_is_hot(scorer: Scorer) -> None:
    for lead_id, score in scores_of(scorer, IDLE).items():
        assignment = assign(EXPERIMENT, lead_id, MOMENT)
        assert assignment is not None
        if score.arm == "control":
            assert score.score_cluster == ("HOT" if assignment.is_worked else "COLD")
            assert score.random_rank == assignment.random_rank
            assert (score.arm_probability, score.work_probability) == (0.4, 0.5)
        else:
            assert score.random_rank is None


def test_exploration_makes_low_scores_hot_and_leaves_the_score_as_it_is(scorer: Scorer) -> None:
    explored = [score for score in scores_of(scorer, IDLE).values() if score.arm == "exploration"]
    assert explored
    for score in explored:
        assert (score.score_cluster, score.basis) == ("HOT", "model")
        assert score.recommended_action == next(a.action for a in POLICY.actions if a.cluster == "HOT")
        assert score.predictive_score is not None
        assert score.work_probability == 0.3
        assert score.arm_probability == pytest.approx(0.6 * 0.3)


def test_all_leads_of_a_person_are_in_one_arm(scorer: Scorer) -> None:
    scores = scores_of(scorer, {**IDLE, "person_key": "a" * 64})
    assert len({(score.arm, score.score_cluster, score.random_rank) for score in scores.values()}) == 1
    assert len(arms(scores_of(scorer, {**IDLE, "person_key": None}))) == 3


def test_who_objects_is_in_no_arm(scorer: Scorer) -> None:
    scores = scores_of(scorer, KEEN, objects_to_profiling=True)
    assert arms(scores) == {None}
    assert {score.basis for score in scores.values()} == {"objection"}


def test_leads_from_before_and_without_an_experiment_are_scored_as_ever(scorer: Scorer) -> None:
    plain = scores_of(scorer, KEEN, load("mortgage"))
    later = msgspec.structs.replace(EXPERIMENT, starts=date(2026, 12, 1))
    early = scores_of(scorer, KEEN, msgspec.structs.replace(POLICY, experiment=later))
    assert arms(plain) == arms(early) == {None}
    assert {score.predictive_score for score in plain.values()} == {score.predictive_score for score in early.values()}


def test_a_closed_control_lead_asks_for_nothing(scorer: Scorer) -> None:
    scores = scores_of(scorer, KEEN, outcome="lost", status="Verloren")
    assert {score.score_cluster for score in scores.values() if score.arm == "control"} == {"CLOSED"}
    assert "control" in arms(scores)
