"""Fields that know the outcome only together are named by what the model's order loses without them."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.learning.joint_leak import joint_leaks
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.leak_texts import finding_text
from leadwerk.stats.bootstrap import Estimate
from leadwerk.stats.metrics import auc
from leadwerk.texts.catalogue import LANGUAGES

ROWS = 400


def market(error: float, seed: int = 1):
    """Begin and end of a deal, whose distance is short for lost leads; and a field without meaning."""
    random = np.random.default_rng(seed)
    converted = random.random(ROWS) < 0.3
    begin = random.normal(size=ROWS) * 50
    columns = {
        "begin": begin,
        "end": begin + 5 * converted + error * random.normal(size=ROWS),
        "visits": random.normal(size=ROWS),
    }
    as_of = np.arange(ROWS).astype("datetime64[h]")
    return Landmarks(columns, np.arange(ROWS), as_of, converted)


def probability(columns):
    return 1 / (1 + np.exp(-(columns["end"] - columns["begin"] - 2.5 + 0.01 * columns["visits"])))


def leaks(rows: Landmarks):
    value = float(auc(rows.converted, probability(rows.columns)))
    unseen_auc = Estimate(value, value - 0.01, value + 0.01)
    return joint_leaks(probability, rows, unseen_auc, {name.title(): name for name in rows.columns}, seed=1)


def test_two_fields_that_leak_together_are_both_named():
    findings = leaks(market(error=0.5))
    assert {finding.field for finding in findings} == {"Begin", "End"}
    assert all(finding.stops and finding.check == "together" for finding in findings)
    for language in LANGUAGES:
        assert "Begin" in finding_text(findings[0], language)


def test_a_pair_in_a_very_good_model_is_suspect():
    findings = leaks(market(error=2.0))
    assert [(finding.field, finding.stops) for finding in findings] == [("Begin", False), ("End", False)]


@pytest.mark.parametrize("seed", range(3))
def test_a_model_that_errs_as_honest_ones_do_is_not_asked_about(seed):
    assert leaks(market(error=4.0, seed=seed)) == ()


def test_of_a_handful_of_conversions_a_perfect_order_proves_nothing():
    rows = market(error=0.5)
    few = np.r_[np.flatnonzero(rows.converted)[:9], np.flatnonzero(~rows.converted)]
    assert leaks(rows.take(few)) == ()
