"""Points that people use."""

from __future__ import annotations

from math import copysign

NICE = (0, 1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1000)


def round_to_readable(points: float) -> int:
    """The nearest number that people use, of either sign.

    >>> round_to_readable(13.2), round_to_readable(-44.0), round_to_readable(0.4), round_to_readable(5000.0)
    (15, -40, 0, 1000)
    """
    nearest = min(NICE, key=lambda number: abs(abs(points) - number))
    return int(copysign(nearest, points)) if nearest else 0
