"""What `suggest` says of the effect, also where nothing can be compared."""

from __future__ import annotations

import pytest

from leadwerk.cli.speech import Speech
from leadwerk.cli.suggest import _show_effect
from leadwerk.learning.suggestion_evaluation import Effect, Ranking, _model_auc
from leadwerk.stats.bootstrap import Estimate

POINTS = Estimate(0.63, 0.58, 0.68)


def effect(model: Estimate) -> Effect:
    present, learned = (Ranking(auc=ranking, of_model=_model_auc(ranking, model)) for ranking in (POINTS, model))
    return Effect(
        boundary="2026-05-01",
        learned_from=900,
        landmarks=300,
        converted=40,
        present=present,
        suggested=present,
        model=learned,
    )


def test_a_model_no_better_than_chance_is_no_measure_of_points(capsys: pytest.CaptureFixture[str]) -> None:
    _show_effect(effect(Estimate(0.535, 0.49, 0.58)), Speech("en"))
    output = capsys.readouterr().out
    assert "no better than chance" in output
    assert "371" not in output
    assert "lead over chance" not in output
    assert "0.535" in output


def test_the_lead_over_chance_is_told_where_the_model_has_one(capsys: pytest.CaptureFixture[str]) -> None:
    _show_effect(effect(Estimate(0.76, 0.7, 0.8)), Speech("en"))
    output = capsys.readouterr().out
    assert "50%" in output
    assert "no better than chance" not in output
