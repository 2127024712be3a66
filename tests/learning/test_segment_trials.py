"""A segment gets its model where it behaves otherwise; no lead is scored worse because a policy names its segment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leadwerk import policy
from leadwerk.learning.candidate_comparison import ChampionForecast
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.segmented_model import SegmentedModel, from_files
from leadwerk.learning.train import TrainingResult, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.points.segments import FILE, SegmentDefinition, Segments
from leadwerk.policy.model import Training
from leadwerk.policy.points import Condition
from leadwerk.stats import metrics
from leadwerk.stats.log_odds import logit
from support.simulated_landmarks import FEATURES, landmarks

MORTGAGE = policy.load("mortgage")
QUICK = Training(trees=40, learning_rate=0.1, depth=3)
BERNE = {"region": Condition(any_of=("BE",))}
RATE = -1.8


pytestmark = pytest.mark.slow  # each trains models


def segments(**when: dict[str, Condition]) -> Segments:
    return Segments(MORTGAGE, tuple(SegmentDefinition(name, tests) for name, tests in when.items()))


def opposite(seed: int, leads: int = 2000, *, noise: bool = False) -> Landmarks:
    """Landmarks of which those of Berne convert for the opposite reasons (or, of noise, for none)."""
    rows, truth = landmarks(leads, seed=seed, rate=RATE)
    berne = rows.columns["region"] == "BE"
    mirrored = np.full(len(rows), 0.15) if noise else 1 / (1 + np.exp(logit(truth) - 2 * RATE))
    drawn = np.random.default_rng(seed + 100).random(len(rows)) < mirrored
    return replace(rows, converted=np.where(berne, drawn, rows.converted))


def learned(rows: Landmarks, segments: Segments | None, training: Training = QUICK, **options: Any) -> TrainingResult:
    trained = train_model(
        rows, TrainingSetup(FEATURES, training, horizon_days=30, hot_score=70, segments=segments), **options
    )
    assert isinstance(trained, TrainingResult)
    return trained


@pytest.fixture(scope="module")
def market() -> Landmarks:
    return opposite(1)


@pytest.fixture(scope="module")
def plain(market: Landmarks) -> TrainingResult:
    return learned(market, None)


@pytest.fixture(scope="module")
def berne(market: Landmarks) -> TrainingResult:
    """Of two segments one behaves otherwise, and the other, which stands before it, does not."""
    return learned(market, segments(borrowing={"loan_to_value": Condition(above=0.9)}, berne=BERNE))


def test_a_segment_that_behaves_otherwise_gets_its_own_model_and_is_ranked_better(
    berne: TrainingResult, plain: TrainingResult
) -> None:
    trial = berne.segments[1]
    assert trial.serves
    assert trial.gain > trial.error > 0
    assert trial.own.auc > trial.general.auc
    assert trial.own.log_loss == pytest.approx(trial.general.log_loss - trial.gain)
    unseen = opposite(2)
    mine = unseen.take(np.flatnonzero((unseen.columns["region"] == "BE") & (unseen.columns["loan_to_value"] <= 0.9)))
    segment_chance, general = (trained.model.probability(mine.columns) for trained in (berne, plain))
    assert metrics.auc(mine.converted, segment_chance) > metrics.auc(mine.converted, general) + 0.05
    assert metrics.log_loss(mine.converted, segment_chance) < metrics.log_loss(mine.converted, general)


def test_a_segment_that_behaves_like_the_rest_gets_none(berne: TrainingResult) -> None:
    trial = berne.segments[0]
    assert not trial.serves
    assert trial.reason.startswith(("no better than the general model, gain in log loss", "no better than the base"))
    assert trial.own is not None
    assert trial.general is not None


def test_who_is_in_no_segment_with_a_model_is_scored_as_before(berne: TrainingResult, plain: TrainingResult) -> None:
    unseen = opposite(2)
    other_leads = unseen.take(
        np.flatnonzero((unseen.columns["region"] != "BE") | (unseen.columns["loan_to_value"] > 0.9))
    )
    np.testing.assert_array_equal(
        berne.model.probability(other_leads.columns), plain.model.probability(other_leads.columns), strict=True
    )
    assert isinstance(berne.model, SegmentedModel)
    assert berne.model.general.files() == plain.model.files()
    assert berne.base_rate == plain.base_rate


def test_what_is_evaluated_and_decided_is_what_would_serve(berne: TrainingResult, plain: TrainingResult) -> None:
    whole, alone = berne.evaluations["challenger"], berne.evaluations["general"]
    assert alone == plain.evaluations["challenger"]
    assert whole.log_loss.value < alone.log_loss.value
    assert f"log loss {whole.log_loss.value:.4f}" in berne.decision.reason
    assert "berne has a model of its own: better than the general model" in berne.decision.reason
    assert "borrowing has none: no better" in berne.decision.reason


def test_a_segment_of_pure_noise_gets_no_model() -> None:
    trained = learned(opposite(1, noise=True), segments(berne=BERNE))
    assert not trained.segments[0].serves
    assert "no better than the base rate for everybody" in trained.segments[0].reason
    assert isinstance(trained.model, Model)


def test_by_chance_alone_a_segment_hardly_ever_gets_a_model() -> None:
    """24 such markets gave 2 of 48 a model: docs/score.md."""
    alike = segments(zurich={"region": Condition(any_of=("ZH",))}, rich={"income": Condition(above=0.5)})
    trained = [learned(landmarks(900, seed=seed)[0], alike).segments for seed in (13, 14, 15, 16)]
    assert sum(trial.serves for trials in trained for trial in trials) <= 1


@pytest.mark.parametrize(
    ("when", "training", "reason"),
    [
        (
            {"region": Condition(any_of=("GE",))},
            QUICK,
            "0 of its leads converted in the training period, 30 are needed",
        ),
        ({"income": Condition(above=2.9)}, Training(trees=40, depth=3, minimum_positives=1), "8 are needed there"),
    ],
)
def test_a_segment_of_too_few_is_said_and_everything_stays_as_without_it(
    market: Landmarks, plain: TrainingResult, when: dict[str, Condition], training: Training, reason: str
) -> None:
    trained = learned(market, segments(few=when), training)
    assert reason in trained.segments[0].reason
    assert trained.segments[0].kind is None
    assert "general" not in trained.evaluations
    if training == QUICK:
        assert trained.model.files() == plain.model.files()
        assert trained.evaluations == plain.evaluations
        assert trained.importances == plain.importances
        assert trained.decision.reason.startswith(plain.decision.reason)


def test_a_policy_without_segments_learns_what_it_learned_before(market: Landmarks, plain: TrainingResult) -> None:
    trained = learned(market, Segments.of(MORTGAGE))
    assert trained.model.files() == plain.model.files()
    assert set(trained.model.files()) <= {"model.ubj", "forest.ubj", "model.json", "encoder.json", "calibration.json"}
    assert (trained.decision, trained.evaluations, trained.segments) == (plain.decision, plain.evaluations, ())


def test_its_files_give_the_same_model_again(berne: TrainingResult) -> None:
    unseen = opposite(2, leads=300)
    files = berne.model.files()
    again = from_files(files, MORTGAGE)
    np.testing.assert_array_equal(again.probability(unseen.columns), berne.model.probability(unseen.columns))
    trial = berne.segments[1]
    name = "model.ubj" if trial.kind == "boosting" else "model.json"
    assert {FILE, f"segments/berne/{name}", "segments/berne/calibration.json"} <= files.keys()
    assert not any("borrowing" in trained for trained in files)


def test_a_lead_is_predicted_alone_as_among_leads_of_other_segments(berne: TrainingResult) -> None:
    unseen = opposite(2, leads=60)
    together = berne.model.probability(unseen.columns)
    alone = [berne.model.probability(unseen.take(np.array([k])).columns)[0] for k in range(len(unseen))]
    assert together.tolist() == alone


def test_contributions_are_those_of_the_model_that_predicts(berne: TrainingResult) -> None:
    model, unseen = berne.model, opposite(2, leads=100)
    assert isinstance(model, SegmentedModel)
    contributed = model.contributions(unseen.columns)
    segment_index = model.segments.segment_index(unseen.columns, len(unseen))
    log_odds = logit(model.probability(unseen.columns))
    for place in np.unique(segment_index):
        bias = (log_odds - contributed.sum(axis=1))[segment_index == place]
        assert np.ptp(bias) < 1e-3  # what is left is the bias of one model


def test_the_champion_is_compared_with_its_models_of_segments(berne: TrainingResult) -> None:
    unseen = opposite(7)
    middle = np.sort(unseen.as_of)[int(len(unseen) * 0.9)]
    files = berne.model.files()
    sitting = [ChampionForecast("old", from_files(files, MORTGAGE).probability, middle)]
    sitting.append(ChampionForecast("bare", berne.model.general.probability, middle))  # type: ignore[union-attr]
    with_models, bare = (learned(unseen, None, champion=champion).evaluations["champion"] for champion in sitting)
    assert with_models.rows == bare.rows == int((unseen.as_of > middle).sum())
    assert with_models.auc.value > bare.auc.value


def test_a_lead_of_a_segment_without_a_model_is_not_taken_by_a_later_one(berne: TrainingResult) -> None:
    model, unseen = berne.model, opposite(2, leads=300)
    assert isinstance(model, SegmentedModel)
    both = unseen.take(np.flatnonzero((unseen.columns["region"] == "BE") & (unseen.columns["loan_to_value"] > 0.9)))
    assert len(both)
    np.testing.assert_array_equal(model.probability(both.columns), model.general.probability(both.columns))
