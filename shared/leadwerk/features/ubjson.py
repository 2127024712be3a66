"""Universal Binary JSON, as XGBoost writes its models: read without XGBoost, arrays as NumPy's.

Source: https://ubjson.org, draft 12. XGBoost counts the items of its arrays and objects ahead, or ends them by a mark.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

NUMBERS = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
ARRAYS = {kind: np.dtype(name) for kind, name in NUMBERS.items()}
# UBJSON is big-endian; in the machine's own order NumPy computes several times as fast.
NATIVE = {kind: dtype.newbyteorder("=") for kind, dtype in ARRAYS.items()}
# A model has thousands of single numbers, most of them lengths: each through an array takes ten times as long.
SINGLE = {kind: struct.Struct(f">{name}") for kind, name in zip(NUMBERS, "bBhiqfd", strict=True)}
CONSTANTS = {"T": True, "F": False, "Z": None}
MOST_LEVELS = 50
"""Of nesting: a file that goes deeper is none of XGBoost's."""


def decode(data: bytes) -> Any:
    """The value in `data`: dicts, lists, str, int, float, bool, None; arrays of one number type as ndarrays.

    >>> decode(b"{U\\x01a[$l#U\\x02\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x02}")["a"].tolist()
    [1, 2]

    Raises:
        ValueError: the bytes are no UBJSON, or end too early.
    """
    try:
        reader = _Reader(data)
        value = reader.value()
    except (struct.error, IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError(f"no UBJSON: {error!r}") from error
    if not reader.is_at_end:
        raise ValueError("no UBJSON: something follows its end")
    return value


class _Reader:
    """Reads one value after another."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position, self._level = data, 0, 0

    @property
    def is_at_end(self) -> bool:
        """Whether all bytes are read."""
        return self._position == len(self._data)

    def value(self) -> Any:
        """The value at the present position."""
        return self._of_kind(self._mark())

    def _of_kind(self, kind: str) -> Any:
        if kind in SINGLE:
            return self._number(SINGLE[kind])
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind == "S":
            return self._text()
        if kind == "C":
            return self._mark()
        # A file of nested brackets alone would otherwise end the process in the interpreter's recursion limit.
        self._level += 1
        if self._level > MOST_LEVELS:
            raise ValueError(f"no UBJSON of XGBoost's: more than {MOST_LEVELS} levels")
        container = {"[": self._array, "{": self._object}[kind]()
        self._level -= 1
        return container

    def _array(self) -> Any:
        kind, count = self._header()
        if kind in ARRAYS and count is not None:
            dtype = ARRAYS[kind]
            return np.frombuffer(self._bytes(count * dtype.itemsize), dtype).astype(NATIVE[kind])
        items: list[Any] = []
        while len(items) != count and not (count is None and self._ends("]")):
            items.append(self._of_kind(kind or self._mark()))
        return items

    def _object(self) -> dict[str, object]:
        kind, count = self._header()
        members: dict[str, object] = {}
        read = 0
        while read != count and not (count is None and self._ends("}")):
            key = self._text()
            # Another reader may take the first of two: then it would not be what was checked here.
            if key in members:
                raise ValueError(f"no UBJSON of XGBoost's: {key[:40]!r} stands twice")
            members[key] = self._of_kind(kind or self._mark())
            read += 1
        return members

    def _header(self) -> tuple[str, int | None]:
        """The type of all items ("" if each names its own) and how many there are (None: up to the end mark)."""
        kind = self._mark() if self._ends("$") else ""
        return kind, self._length() if self._ends("#") else None

    def _ends(self, mark: str) -> bool:
        """Whether `mark` comes next; then it is passed."""
        comes = self._data[self._position] == ord(mark)
        self._position += comes
        return comes

    def _mark(self) -> str:
        self._position += 1
        return chr(self._data[self._position - 1])

    def _length(self) -> int:
        length = self._of_kind(self._mark())
        if not isinstance(length, int) or length < 0:
            raise ValueError(f"no UBJSON: {length!r} is no length")
        return length

    def _text(self) -> str:
        length = self._length()
        return self._bytes(length).decode()

    def _number(self, number: struct.Struct) -> Any:
        (value,) = number.unpack_from(self._data, self._position)
        self._position += number.size
        return value

    def _bytes(self, count: int) -> bytes:
        first, self._position = self._position, self._position + count
        # A slice beyond the end is silently shorter: a length that a damaged file states must not pass for data.
        if self._position > len(self._data):
            raise ValueError(f"no UBJSON: {count} bytes are missing at {first}")
        return self._data[first : self._position]
