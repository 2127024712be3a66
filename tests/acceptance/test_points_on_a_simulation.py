"""On the simulated market, points hold their own beside the model: as shipped, and better as suggested."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_points_reach_most_of_the_models_lead_and_suggested_points_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    sys.modules.pop("benchmarks", None)
    from benchmarks.suggest import effect

    measured = effect(days=130, leads=6_000, seed=7)  # `make bench BENCH=suggest` measures three larger markets
    assert measured.present.of_model >= 0.70
    assert measured.suggested.of_model >= 0.85
    assert measured.suggested.auc.value > measured.present.auc.value
