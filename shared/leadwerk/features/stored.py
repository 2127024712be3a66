"""A part of a model as a file keeps it: a plain value that is read and written as JSON."""

from __future__ import annotations

from typing import Self

import msgspec


class StoredPart(msgspec.Struct, frozen=True):
    """What a model's file holds."""

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            msgspec.DecodeError: it is not that, or a number is out of range.
        """
        return msgspec.json.decode(data, type=cls)

    def to_json(self) -> bytes:
        """Write as JSON."""
        return msgspec.json.encode(self)
