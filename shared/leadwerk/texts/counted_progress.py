"""Progress over what is counted: how many of all are done, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from leadwerk.progress import Progress
from leadwerk.texts.message import Message

Portion = TypeVar("Portion", bound=Sized)


def watched(portions: Iterable[Portion], total: int, noun: str, progress: Progress) -> Iterator[Portion]:
    """Each portion, after reporting how many of `total` came before it; the text is progress.{noun}.

    >>> [len(portion) for portion in watched(["ab", "c"], 3, "leads", lambda *call: print(*call))]
    0 of 3 leads 0.0
    2 of 3 leads 0.6666666666666666
    [2, 1]
    """
    before = 0
    for portion in portions:
        progress(Message(f"progress.{noun}", done=f"{before:,}", total=f"{total:,}"), before / max(total, 1))
        yield portion
        before += len(portion)
