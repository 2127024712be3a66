"""Progress: a long step reports how much of its work is done; the caller decides whether to show it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Takes what the step is doing (a text or a Message), and the share of its work that is done before that (0 to 1)."""


def silent(doing: str, done: float) -> None:
    """Progress that nobody watches."""


def part_of(progress: Progress, first: float, last: float) -> Progress:
    """Progress of a part of a step, whose work is the share of the step's from `first` to `last`.

    >>> part_of(lambda doing, done: print(doing, done), 0.5, 0.75)("storing", 0.5)
    storing 0.625
    """
    return lambda doing, done: progress(doing, first + (last - first) * done)
