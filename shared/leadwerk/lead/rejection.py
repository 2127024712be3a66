"""What was wrong with a row of a source, in a form that may be stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

# Fields whose values identify a person: they are never repeated.
PERSONAL = frozenset({"email", "phone", "address"})
_LONGEST_VALUE = 60


class Rejection(Struct, frozen=True):
    """`field` held `value` (shortened; None if personal or missing), which could not be used for `reason`."""

    field: str
    value: str | None
    reason: str
    remedy: str

    @classmethod
    def of(cls, field: str, value: Any, reason: str, remedy: str) -> Rejection:
        """A rejection with its value shortened to text."""
        return cls(field, None if value is None else str(value)[:_LONGEST_VALUE], reason, remedy)


@dataclass(frozen=True)
class Unreadable:
    """A value that costs its field; `reason` completes "The field …"."""

    reason: str

    def __str__(self) -> str:
        return f"a value that {self.reason}"
