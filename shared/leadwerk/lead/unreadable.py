"""Unreadable value: stands in a form where JSON held a number or a text that nothing can be made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unreadable:
    """A value that costs its field; `reason` completes "The field …"."""

    reason: str

    def __str__(self) -> str:
        return f"a value that {self.reason}"
