"""A course of numbers in the terminal: in one line, or drawn over several."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
FULL = len(BLOCKS) - 1
# The chart's width at most: with more values, each column shows the last value of its share.
WIDTH = 60


def sparkline(values: Sequence[float | None], *, low: float = 0.0, high: float = 100.0) -> str:
    """One sign a value between `low` and `high`, a gap where a value is missing.

    >>> sparkline([0, 50, None, 100])
    '▁▄ █'
    """
    eighths = (None if value is None else round(_share(value, low, high) * FULL) for value in _fitted(values))
    return "".join(" " if height is None else BLOCKS[max(1, height)] for height in eighths)


def plot(values: Sequence[float | None], *, rows: int = 8, low: float = 0.0, high: float = 100.0) -> list[str]:
    """Bars over several lines, the topmost first, with the scale in front.

    >>> plot([0, 50, 100], rows=2)
    ['   100 ┤  █', '     0 ┤▁██']
    """
    heights = [
        None if value is None else max(1, round(_share(value, low, high) * rows * FULL)) for value in _fitted(values)
    ]
    lines = []
    for row in reversed(range(rows)):
        bars = "".join(" " if height is None else BLOCKS[min(max(height - row * FULL, 0), FULL)] for height in heights)
        label = f"{high:6.0f}" if row == rows - 1 else f"{low:6.0f}" if row == 0 else " " * 6
        lines.append(f"{label} ┤{bars}")
    return lines


def _fitted(values: Sequence[float | None]) -> list[float | None]:
    """At most WIDTH of the values, the last among them."""
    columns = min(len(values), WIDTH)
    return [values[(column + 1) * len(values) // columns - 1] for column in range(columns)]


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
