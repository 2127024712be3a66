"""Evidence of a candidate's order: where the test period has few conversions, two older fifths count too."""

import numpy as np
import pytest

from leadwerk.learning.candidates import order_evidence
from leadwerk.learning.logistic import fit_logistic
from support.simulated_landmarks import FEATURES, landmarks


def test_older_test_periods_are_a_fifth_of_all_landmarks_each():
    rows = landmarks(leads=500, seed=3, per_lead=1)[0]
    test = rows.take(np.arange(400, 500))
    last_trained = []

    def fit(train):
        last_trained.append(train.as_of.max())
        return fit_logistic(train, FEATURES, seed=1)

    done = []
    evidence = order_evidence(
        rows, test, np.zeros(len(test)), fit, horizon_days=30, progress=lambda text, share: done.append(share)
    )
    assert done == [0.66, 0.69]
    assert len(evidence.score) == pytest.approx(3 * 100, abs=3)
    begins = rows.as_of[[200, 300]] - np.timedelta64(30, "D")
    assert (np.array(last_trained) <= begins).all()
    assert (begins - np.array(last_trained) < np.timedelta64(7, "D")).all()
