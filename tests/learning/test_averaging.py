"""The average: what it serves is what was trained, contributions add up, and it keeps up with its best member."""

from dataclasses import replace

import numpy as np
import pytest

from leadwerk.features.average import Average, Forest
from leadwerk.learning import boosting
from leadwerk.learning.additive_fit import calendar_shares, fit_additive
from leadwerk.learning.averaging import fit_average
from leadwerk.learning.boosting import fit_boosting
from leadwerk.learning.candidates import fit_candidate
from leadwerk.learning.level import level_shift, leveled_forecast
from leadwerk.learning.model import AverageModel, from_files
from leadwerk.policy.model import Training
from leadwerk.scoring.booster import Booster
from leadwerk.stats import metrics
from leadwerk.stats.log_odds import sigmoid
from support.simulated_landmarks import FEATURES, landmarks

QUICK = Training(trees=40, depth=3)


def curved(seed):
    """A market whose winners lie in the middle of a field, which no straight line sees."""
    rows, _ = landmarks(leads=1200, seed=seed, per_lead=1)
    income = np.nan_to_num(rows.columns["income"])
    log_odds = -1.0 + 2.0 * (np.abs(income) < 0.6) * (rows.columns["visits"] > 1)
    converted = np.random.default_rng(seed).random(len(rows)) < sigmoid(log_odds)
    return type(rows)(rows.columns, rows.lead, rows.as_of, converted)


@pytest.fixture(scope="module")
def fit():
    return fit_average(curved(1), FEATURES, QUICK)


def test_it_ranks_unseen_leads_as_its_best_member_does(fit):
    unseen = curved(2)
    areas = {name: metrics.auc(unseen.converted, m.probability(unseen.columns)) for name, m in fit.members.items()}
    assert metrics.auc(unseen.converted, fit.model.probability(unseen.columns)) > max(areas.values()) - 0.02


def test_its_files_give_the_same_model_again(fit):
    unseen = curved(2)
    again = from_files(fit.model.files())
    np.testing.assert_array_equal(again.probability(unseen.columns), fit.model.probability(unseen.columns))


@pytest.mark.slow
def test_contributions_and_a_constant_add_up_to_the_log_odds(fit):
    unseen = curved(2)
    total = fit.model.contributions(unseen.columns).sum(axis=1)
    margin = fit.model.calibration.log_odds(fit.model.margin(fit.model.encoder.matrix(unseen.columns)))
    assert np.ptp(margin - total) < 1e-3


@pytest.mark.slow
def test_serving_without_xgboosts_wrapper_gives_the_trained_log_odds(fit):
    files, matrix = fit.model.files(), fit.model.encoder.matrix(curved(2).columns)
    assert isinstance(fit.model.predictor, AverageModel)
    members = [Forest(Booster(files["forest.ubj"]))]
    members += [fit.model.predictor.curves] if fit.model.predictor.curves else []
    members += [Booster(files["model.ubj"])] if "model.ubj" in files else []
    served = Average(tuple(members))
    np.testing.assert_allclose(served.margin(matrix), fit.model.margin(matrix), atol=1e-5)
    np.testing.assert_allclose(served.contributions(matrix).sum(axis=1), served.margin(matrix), atol=1e-4)


def test_few_conversions_get_a_regression():
    rows = curved(1).take(np.arange(60))
    assert fit_candidate(rows, FEATURES, Training(minimum_positives=60)).model.kind == "logistic_regression"


def test_a_column_of_the_calendar_is_left_out_of_the_regression():
    random, times = np.random.default_rng(1), np.arange(3000).astype("datetime64[us]")
    skill, late = random.normal(size=3000), np.arange(3000) > 1500
    converted = random.random(3000) < sigmoid(skill - 2.0 + 1.5 * late)
    matrix = np.column_stack([np.arange(3000), skill]).astype(np.float32)
    assert (calendar_shares(matrix, times) > 0.5).tolist() == [True, False]
    curves = fit_additive(matrix, converted, times).curves
    assert curves[0].xs == () and curves[1].ys[0] < curves[1].ys[-1]


def test_a_level_that_trebled_is_taken_from_the_newest_outcomes_and_the_order_stays():
    random = np.random.default_rng(1)
    log_odds = random.normal(-2.2, 1, 2000)
    converted = random.random(2000) < sigmoid(log_odds + 1.5)
    shift = level_shift(log_odds[:500], converted[:500]).shift
    assert shift == pytest.approx(1.5, abs=0.35)
    times = np.datetime64("2026-01-01", "us") + np.arange(2000) * np.timedelta64(1, "h")
    forecast = leveled_forecast(log_odds, converted, times, np.arange(2000), horizon_days=5, rate=0.12)
    late = np.arange(2000) > 1000
    assert forecast.probability[late].mean() == pytest.approx(converted[late].mean(), abs=0.05)
    assert forecast.probability[0] == pytest.approx(sigmoid(log_odds[:1])[0])  # nothing had matured then


def test_a_twin_of_many_rows_is_fitted_without_one_fold_and_proves_as_much(fit, monkeypatch):
    monkeypatch.setattr(boosting, "LARGE", 1000)
    twin, unseen = fit_average(curved(1), FEATURES, QUICK, is_twin=True), curved(2)
    areas = [metrics.auc(unseen.converted, each.model.probability(unseen.columns)) for each in (fit, twin)]
    assert areas[1] > areas[0] - 0.02
    of_all, of_twin = (
        metrics.calibration_error(unseen.converted, each.model.probability(unseen.columns)) for each in (fit, twin)
    )
    assert of_twin < of_all + 0.03


def test_a_fold_that_the_twin_left_out_is_all_that_is_judged(monkeypatch):
    monkeypatch.setattr(boosting, "LARGE", 1000)
    boosted = fit_boosting(curved(1), FEATURES, QUICK, is_twin=True)
    assert np.isfinite(boosted.unseen).tolist() == (boosted.rows.fold == 0).tolist()
    assert (boosted.rows.learned != np.isfinite(boosted.unseen)).all()


def test_a_plan_of_the_regression_alone_fits_nothing_else(fit):
    plan = replace(fit.plan, members=("logistic_regression",))
    planned = fit_average(curved(1), FEATURES, QUICK, plan=plan).model
    assert planned.kind == "logistic_regression"
    assert planned.calibration == fit.plan.calibration
