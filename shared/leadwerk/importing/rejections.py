"""What of a file could not be used, by field and reason; no value is repeated, for it may name a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.texts.message import Message, in_language

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
    def description(self) -> Message:
        """The reason with an example."""
        line = str(self.lines[0])
        if not self.example:
            return Message("import.reject.on_line", field=self.field, reason=self.reason, line=line)
        return Message(
            "import.reject.with_example", field=self.field, reason=self.reason, example=self.example[:60], line=line
        )


def rejected_rows(groups: Iterable[RejectionGroup]) -> int:
    """How many rows were left out."""
    return sum(len(group.lines) for group in groups if not group.value_only)


def rejected_values(groups: Iterable[RejectionGroup]) -> int:
    """How many single values were left out."""
    return sum(len(group.lines) for group in groups if group.value_only)


def rejects(groups: Sequence[RejectionGroup], language: str) -> Iterator[tuple[int, str, str, str]]:
    """Rows of the rejects file, in the file's order, with reasons in `language`."""
    rows = (
        (int(line), "value" if group.value_only else "row", group.field, in_language(group.reason, language))
        for group in groups
        for line in group.lines
    )
    yield from sorted(rows)
