"""Real leads and real sessions, where the data are there: published figures are the measure."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadwerk.features.contract import Feature
from leadwerk.learning.boosting import fit_boosting
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.train import TrainingResult, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training
from leadwerk.stats import metrics

DATA = Path(__file__).parents[3] / "shared" / "data"
LEADS = DATA / "x-education-leads" / "leads_first_80_percent.csv"
SHOPPERS = DATA / "online-shoppers" / "online_shoppers_intention.csv"
AFTER_THE_OUTCOME = ["Tags", "Lead Quality", "Lead Profile"]


def read(path, outcome, ignored=()):
    """Landmarks in the file's order, an hour apart, one a lead, and their features."""
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    frame = pd.read_csv(path)
    columns, features = {}, []
    for name in frame.columns.drop([outcome, *ignored]):
        number = frame[name].dtype.kind in "iuf"
        features.append(Feature(name, "number" if number else "category", name))
        text = frame[name].astype(object).where(frame[name].notna(), None)
        columns[name] = frame[name].to_numpy() if number else text.to_numpy()
    as_of = np.datetime64("2026-01-01T00:00:00", "us") + np.arange(len(frame)) * np.timedelta64(1, "h")
    return features, Landmarks(columns, np.arange(len(frame)), as_of, frame[outcome].astype(bool).to_numpy())


@pytest.mark.slow
def test_real_leads_are_told_apart():
    unnamed = [f"Asymmetrique {what} {how}" for what in ("Activity", "Profile") for how in ("Index", "Score")]
    features, rows = read(LEADS, "Converted", [*AFTER_THE_OUTCOME, *unnamed, "Prospect ID"])
    order = np.argsort(rows.columns["Lead Number"], kind="stable")
    sorted_rows = Landmarks(rows.columns, rows.lead, rows.as_of, rows.converted).take(order)
    rows = Landmarks(sorted_rows.columns, rows.lead, rows.as_of, sorted_rows.converted)
    features = [feature for feature in features if feature.name != "Lead Number"]
    last_fifth = int(len(rows) * 0.8)
    train, test = rows.take(np.arange(last_fifth)), rows.take(np.arange(last_fifth, len(rows)))
    learned = train_model(train, TrainingSetup(features, Training(), horizon_days=1, hot_score=70))
    assert isinstance(learned, TrainingResult)
    assert learned.decision.promote
    assert metrics.auc(test.converted, learned.model.probability(test.columns)) >= 0.92


@pytest.mark.slow
def test_real_shoppers_are_told_apart():
    features, rows = read(SHOPPERS, "Revenue")
    member = np.random.default_rng(0).permutation(len(rows)) % 5
    scores = []
    for fold in range(5):
        train, test = rows.take(np.flatnonzero(member != fold)), rows.take(np.flatnonzero(member == fold))
        model = fit_boosting(train, features, Training()).model
        scores.append(metrics.auc(test.converted, model.probability(test.columns)))
    assert np.mean(scores) >= 0.92
