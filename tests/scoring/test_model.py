"""The scorer gives honest numbers that its reasons add up to, and refuses a model that is not for its features."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import ContractMismatch, CorruptModel
from leadwerk.policy.load import load
from leadwerk.scoring.model import Scorer
from leadwerk.stats.log_odds import logit
from support import example_models as models
from support.examples import examples

MORTGAGE = load("mortgage")
KINDS = {"boosting": models.files(MORTGAGE), "logistic_regression": models.linear_files(MORTGAGE)}
features = st.fixed_dictionaries(
    {},
    optional={
        "sessions_7d": st.one_of(st.none(), st.integers(0, 50)),
        "loan_to_value": st.one_of(st.none(), st.floats(0, 3)),
        "language": st.one_of(st.none(), st.sampled_from(["de", "fr", "rm"])),
        "rates_page_seconds_7d": st.floats(0, 100),
    },
)


@pytest.fixture(params=KINDS, scope="module")
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return Scorer.load(KINDS[request.param], MORTGAGE, threads=1)


@examples(40)
@given(rows=st.lists(features, min_size=1, max_size=5))
def test_contributions_and_bias_sum_to_the_calibrated_log_odds(scorer, rows):
    inputs = scorer.encode(rows)
    totals = scorer.contributions(inputs).sum(axis=1)
    np.testing.assert_allclose(totals, logit(scorer.predict(inputs).probability), atol=1e-4)


def test_a_lead_of_which_nothing_is_known_gets_a_score(scorer):
    predicted = scorer.predict(scorer.encode([{}]))
    assert 0 < predicted.probability[0] < 1
    assert 0 <= predicted.predictive_score[0] <= 100


def test_the_score_is_the_rounded_probability_under_a_balanced_prior(scorer):
    encoded = scorer.encode_columns(models.columns(MORTGAGE, 200))
    predicted = scorer.predict(encoded)
    p, base = predicted.probability, models.BASE_RATE
    expected = 100 * p * (1 - base) / (p * (1 - base) + (1 - p) * base)
    assert np.abs(predicted.predictive_score - expected).max() <= 0.5
    assert (np.diff(predicted.predictive_score[np.argsort(p)]) >= 0).all()


def test_one_lead_scores_as_it_does_among_many(scorer):
    feature_columns = models.columns(MORTGAGE, 50)
    together = scorer.predict(scorer.encode_columns(feature_columns)).probability
    rows = [{name: values[i] for name, values in feature_columns.items()} for i in range(50)]
    alone = [scorer.predict(scorer.encode([row])).probability[0] for row in rows]
    assert together.tolist() == alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_another_contract_is_refused(kind):
    with pytest.raises(ContractMismatch, match=r"policy mortgage .* present policy b2b_swiss .* retrain"):
        Scorer.load(KINDS[kind], load("b2b_swiss"))


@pytest.mark.parametrize("missing", ["model.ubj", "encoder.json", "calibration.json"])
def test_a_model_that_lacks_a_file_is_refused(missing):
    whole = KINDS["boosting"]
    rest = {name: data for name, data in whole.files.items() if name != missing}
    with pytest.raises(CorruptModel, match=missing):
        Scorer.load(msgspec.structs.replace(whole, files=rest), MORTGAGE)


def test_trees_that_were_trained_on_other_columns_are_refused():
    whole = KINDS["boosting"]
    other = models.columns(MORTGAGE, 200) | {"language": ["rm"] * 200}
    encoder = models.Encoder.fit(other, models.contract(MORTGAGE))
    mixed = whole.files | {"encoder.json": encoder.to_json()}
    with pytest.raises(CorruptModel, match="columns"):
        Scorer.load(msgspec.structs.replace(whole, files=mixed), MORTGAGE)
