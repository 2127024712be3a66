import msgspec
import numpy as np
import pytest
import xgboost as xgb
from sklearn.linear_model import LogisticRegression

from leadwerk.features.encode import Encoder
from leadwerk.learning import boosting, cross_fitting
from leadwerk.learning.boosting import fit_boosting
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.model import from_files
from leadwerk.learning.ridge import MANY, fit_linear
from leadwerk.learning.sparse_rows import SparseRows
from leadwerk.learning.split import folds
from leadwerk.policy.model import Training
from leadwerk.stats import metrics
from leadwerk.stats.log_odds import logit, sigmoid
from support.simulated_landmarks import FEATURES, landmarks


@pytest.fixture(scope="module")
def train():
    return landmarks(seed=1)[0]


@pytest.fixture(scope="module")
def fresh():
    return landmarks(seed=2)


@pytest.fixture(scope="module")
def boosted(train):
    return fit_boosting(train, FEATURES, Training())


def test_boosting_comes_near_the_true_probabilities(boosted, fresh):
    unseen, truth = fresh
    probability = boosted.model.probability(unseen.columns)
    assert metrics.auc(unseen.converted, probability) > 0.96 * metrics.auc(unseen.converted, truth)
    assert metrics.calibration_error(unseen.converted, probability) < 0.02


def test_a_fold_is_fitted_and_judged_as_if_zeros_were_stored_and_its_leads_binned(train):
    encoder, fold = Encoder.fit(train.columns, FEATURES), folds(train.lead, count=4, seed=1)
    weight = np.where(np.arange(len(train)) % 7 == 0, 0.0, 0.25 + fold)
    matrix = encoder.matrix(train.columns)
    sparse = SparseRows.of(matrix, encoder.is_level())
    rows = cross_fitting.FitRows(matrix, sparse, train.converted, fold, weight, np.ones(len(train)), (0, 1, 2, 3))
    training = Training(scale_pos_weight=3.0)
    parameters = boosting._parameters(training, encoder, FEATURES, train.converted)
    booster, losses = cross_fitting.fit_fold(rows, fold == 0, parameters, 40)
    binned, curve = _fit_fold_on_bins(rows, fold == 0, parameters, 40)
    assert losses == curve
    np.testing.assert_array_equal(booster.inplace_predict(matrix), binned.inplace_predict(matrix))


def _fit_fold_on_bins(rows, held_out, parameters, trees):
    def matrix(selected, ref=None):
        columns, converted, weight = rows.matrix[selected], rows.converted[selected], rows.weight[selected]
        return xgb.QuantileDMatrix(columns, converted, weight=weight, max_bin=cross_fitting.BINS, nthread=1, ref=ref)

    learned, history = matrix(~held_out & (rows.weight > 0)), {}
    unseen = matrix(held_out & (rows.weight > 0), ref=learned)
    patience = max(10, round(trees * cross_fitting.PATIENCE))
    options = {"evals": [(unseen, "unseen")], "evals_result": history, "early_stopping_rounds": patience}
    return xgb.train(parameters, learned, trees, verbose_eval=False, **options), history["unseen"]["logloss"]


def test_it_stops_before_noise_is_learned(train):
    few = train.take(np.arange(600))
    assert fit_boosting(few, FEATURES, Training(trees=400, learning_rate=0.3)).model.rounds < 60


def test_the_same_rows_and_seed_give_the_same_files(train, boosted):
    assert fit_boosting(train, FEATURES, Training()).model.files() == boosted.model.files()


def test_a_model_is_the_same_after_a_trip_through_its_files(boosted, fresh):
    columns = fresh[0].columns
    again = from_files(boosted.model.files())
    np.testing.assert_array_equal(again.probability(columns), boosted.model.probability(columns))
    assert again.rounds == boosted.model.rounds


def test_more_debt_on_the_same_house_never_helps(boosted, fresh):
    lead = {name: np.repeat(values[:200], 2) for name, values in fresh[0].columns.items()}
    lead["loan_to_value"] = np.tile([0.5, 0.9], 200)
    probability = boosted.model.probability(lead).reshape(200, 2)
    assert (probability[:, 0] >= probability[:, 1]).all()


@pytest.mark.slow
def test_contributions_and_a_constant_add_up_to_the_calibrated_log_odds(boosted, train):
    for model in (boosted.model, fit_logistic(train, FEATURES, seed=1)):
        total = model.contributions(train.columns).sum(axis=1)
        margin = model.calibration.log_odds(model.margin(model.encoder.matrix(train.columns)))
        constant = margin - total
        assert np.ptp(constant) < 1e-4


@pytest.mark.parametrize("weight", ["auto", 10.0])
def test_a_weight_on_positives_is_taken_off_the_probability_again(train, fresh, boosted, weight):
    weighted = fit_boosting(train, FEATURES, Training(scale_pos_weight=weight))
    unseen = fresh[0]
    probability = weighted.model.probability(unseen.columns)
    assert probability.mean() == pytest.approx(unseen.converted.mean(), abs=0.02)
    plain = boosted.model.probability(unseen.columns)
    assert np.abs(logit(probability).mean() - logit(plain).mean()) < 0.15


def test_the_regression_has_the_weights_of_scikit_learn(train):
    matrix = np.nan_to_num(fit_logistic(train, FEATURES, seed=1).encoder.matrix(train.columns))
    linear = fit_linear(matrix, train.converted)
    scaled = (matrix - np.array(linear.means)) / np.array(linear.scales)
    theirs = LogisticRegression(C=1 / 10.0, tol=1e-10, max_iter=1000).fit(scaled, train.converted)
    np.testing.assert_allclose(linear.weights, theirs.coef_[0], atol=1e-4)
    assert linear.bias == pytest.approx(theirs.intercept_[0], abs=1e-4)


@pytest.mark.slow
def test_a_regression_of_many_rows_has_the_weights_of_scikit_learn():
    random = np.random.default_rng(1)
    matrix = random.normal(size=(MANY + 5, 3)).astype(np.float32)
    # Every tenth row, at which the search begins, is of another kind than the rest.
    effect = np.where(np.arange(len(matrix)) % 10 == 0, -2.0, 1.0)
    converted = random.random(len(matrix)) < sigmoid(effect * matrix[:, 0] - 1.0)
    linear = fit_linear(matrix, converted, weights=np.ones(len(matrix)))
    scaled = (matrix - np.array(linear.means)) / np.array(linear.scales)
    theirs = LogisticRegression(C=1 / 10.0, tol=1e-10, max_iter=1000).fit(scaled, converted)
    np.testing.assert_allclose(linear.weights, theirs.coef_[0], atol=1e-4)


def test_the_regression_survives_constant_missing_and_separating_columns():
    matrix = np.column_stack([np.ones(40), np.full(40, np.nan), np.arange(40.0)]).astype(np.float32)
    linear = fit_linear(matrix, np.arange(40) >= 20)
    assert np.isfinite(linear.margin(matrix)).all()
    assert (np.diff(linear.margin(matrix)) > 0).all()


def test_training_options_of_the_policy_reach_the_trees(train):
    shallow = msgspec.structs.replace(Training(), trees=3, depth=1)
    model = fit_boosting(train, FEATURES, shallow).model
    assert model.rounds == 3
    assert "split_condition" in model.predictor.get_dump(dump_format="json")[0]
    assert max(len(tree.splitlines()) for tree in model.predictor.get_dump()) == 3
