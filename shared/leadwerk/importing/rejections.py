"""What of a file could not be used, by field and reason; no value is repeated, for it may name a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REJECTS_HEADER = ("line", "left_out", "field", "reason")


@dataclass(frozen=True)
class RejectionGroup:
    """Rows (or, with `value_only`, single values of rows that are used) that were left out for one reason.

    `lines` (n,) are their line numbers; `example` is shown to the user and not written down, empty where it could name
    a person.
    """

    field: str
    reason: str
    lines: NDArray[np.int64]
    value_only: bool = False
    example: str = ""

    @property
    def description(self) -> str:
        """The reason with an example."""
        example_text = (
            f" (such as {self.example[:60]!r} on line {self.lines[0]})" if self.example else f" (line {self.lines[0]})"
        )
        return f"{self.field}: {self.reason}{example_text}"


def rejected_rows(groups: Iterable[RejectionGroup]) -> int:
    """How many rows were left out."""
    return sum(len(group.lines) for group in groups if not group.value_only)


def rejected_values(groups: Iterable[RejectionGroup]) -> int:
    """How many single values were left out."""
    return sum(len(group.lines) for group in groups if group.value_only)


def rejects(groups: Sequence[RejectionGroup]) -> Iterator[tuple[int, str, str, str]]:
    """Rows of the rejects file, in the file's order."""
    rows = (
        (int(line), "value" if group.value_only else "row", group.field, group.reason)
        for group in groups
        for line in group.lines
    )
    yield from sorted(rows)
