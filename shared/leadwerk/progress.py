"""Progress: a long step reports how much of its work is done; the caller decides whether to show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

Portion = TypeVar("Portion", bound=Sized)
Progress = Callable[[str, float], None]
"""Takes what the step is doing, and the share of its work that is done before that (0 to 1)."""


def silent(doing: str, done: float) -> None:
    """Progress that nobody watches."""


def part_of(progress: Progress, first: float, last: float) -> Progress:
    """Progress of a part of a step, whose work is the share of the step's from `first` to `last`.

    >>> part_of(lambda doing, done: print(doing, done), 0.5, 0.75)("storing", 0.5)
    storing 0.625
    """
    return lambda doing, done: progress(doing, first + (last - first) * done)


def watched(portions: Iterable[Portion], total: int, name: str, progress: Progress) -> Iterator[Portion]:
    """Each portion, after saying how many of the `total` things came before it.

    >>> [len(portion) for portion in watched(["ab", "c"], 3, "leads", lambda *call: print(*call))]
    0 of 3 leads 0.0
    2 of 3 leads 0.6666666666666666
    [2, 1]
    """
    before = 0
    for portion in portions:
        progress(f"{before:,} of {total:,} {name}", before / max(total, 1))
        yield portion
        before += len(portion)
