"""One measured figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A measurement: the median of `n` runs, its `spread` (lowest and highest), and the limit it is held to."""

    name: str
    value: float
    unit: str
    target: str
    n: int
    spread: tuple[float, float]

    @classmethod
    def of(cls, name: str, values: Sequence[float], *, unit: str, target: str = "") -> Figure:
        """The figure of repeated measurements.

        >>> Figure.of("cold start", [2.0, 1.0, 4.0], unit="×", target="≤ 3.5").value
        2.0
        """
        return cls(name, median(values), unit, target, len(values), (min(values), max(values)))
