"""The average's attribution adds up to its log-odds, also where a member is beyond the limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from leadwerk.features.average import LIMIT, Average
from leadwerk.stats.arrays import Floats, Matrix

ROWS: Matrix = np.zeros((1, 2), np.float32)


@dataclass(frozen=True)
class Member:
    """A model whose attribution is stated: contributions of two columns, and the bias."""

    parts: tuple[float, float, float]

    def margin(self, matrix: Matrix) -> Floats:
        return np.array([sum(self.parts)] * len(matrix))

    def contributions(self, matrix: Matrix) -> Floats:
        return np.array([self.parts] * len(matrix))


@pytest.mark.parametrize("bias", [-3.0, 0.0, 2.0, 12.0, -12.0])
@pytest.mark.parametrize("parts", [(9.0, 6.0), (-9.0, -6.0), (9.0, -1.0), (0.5, 0.25)])
def test_contributions_add_up_to_the_mean_of_limited_members(parts: tuple[float, float], bias: float) -> None:
    average = Average((Member((*parts, bias)), Member((0.5, -0.25, 1.0))))
    assert average.contributions(ROWS).sum(axis=1) == pytest.approx(average.margin(ROWS))


def test_at_the_limit_each_feature_keeps_its_share() -> None:
    (first, second, bias) = Average((Member((9.0, 3.0, -1.0)),)).contributions(ROWS)[0]
    assert first / second == pytest.approx(3)
    assert (bias, first + second + bias) == (-1.0, pytest.approx(LIMIT))
