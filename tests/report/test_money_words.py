"""Sentences about money on the page of results: yes, no, may be chance, and not known."""

from __future__ import annotations

from math import inf

import pytest

from leadwerk.experiment.effect import IntervalEstimate
from leadwerk.policy.load import load
from leadwerk.report.money_figures import CostOfWin, GroupReturn
from leadwerk.report.results.money import cost_answer, returns_answer
from leadwerk.report.wording import Wording
from support.selling import NOW

WORDING = Wording(load("b2b_swiss"), "en", NOW)


def cost(hot: tuple[float, float, float], everybody: tuple[float, float, float]) -> CostOfWin:
    return CostOfWin(
        leads=400,
        everybody=IntervalEstimate(*everybody),
        hot_only=IntervalEstimate(*hot),
        lost_wins=IntervalEstimate(0.25, 0.1, 0.4),
        lost_amount=0.2,
    )


def channel(name: str, return_on_cost: float | None, *, is_small: bool = False) -> GroupReturn:
    return GroupReturn("channel", name, 100, 9, 5000.0, 1000.0, return_on_cost, is_small)


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (cost((500, 400, 600), (900, 800, 1000)), "costs CHF 500 instead of CHF 900; 25% of the wins"),
        (cost((900, 800, 1000), (500, 400, 600)), "costs more: CHF 900 instead of CHF 500"),
        (cost((500, 300, inf), (900, 800, 1000)), "the difference may be chance"),
        (None, "it needs capacity.cost_per_hour"),
    ],
)
def test_the_answer_follows_from_the_intervals(figures: CostOfWin | None, sentence: str) -> None:
    assert sentence in cost_answer(WORDING, figures).replace("\xa0", " ").replace("\u202f", " ")


def test_the_best_channel_is_named_among_those_with_wins_enough() -> None:
    returns = [
        channel("paid", 0.5),
        channel("partner", 3.0),
        channel("fair", 9.0, is_small=True),
        channel("mail", None),
    ]
    assert returns_answer(WORDING, returns) == (
        "partner brings most for its cost (300%), of 2 channels with 5 wins or more."
    )
    assert returns_answer(WORDING, [channel("fair", 9.0, is_small=True)]) == (
        "No channel has both a cost and 5 wins yet."
    )
