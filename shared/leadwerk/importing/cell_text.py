"""Typed cells of workbooks, JSON and Parquet as the texts that a column is read from."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

_EXACT = 1e15
"""Whole numbers up to this are exact as floating point numbers."""


def cell_text(cell: Any) -> str:
    """A typed value as text: whole numbers without a point, times in ISO 8601, lists as options.

    >>> cell_text(3.0), cell_text(True), cell_text(datetime(2026, 1, 2, 3, 4)), cell_text(["a", "b"]), cell_text(None)
    ('3', 'true', '2026-01-02T03:04:00', 'a;b', '')
    """
    if cell is None:
        return ""
    # Before float and int: True is a number to Python.
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        # Workbooks store whole numbers as floats: an id 4711 must not become "4711.0".
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat() if cell.time() != time() or cell.tzinfo else cell.date().isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds():g} s"
    if isinstance(cell, (list, tuple)) and not any(isinstance(item, (list, dict)) for item in cell):
        return ";".join(cell_text(item) for item in cell)
    if isinstance(cell, (list, dict, tuple)):
        return msgspec.json.encode(cell, enc_hook=str).decode()
    # Lone surrogates, which broken files hold, cannot be stored.
    return str(cell).encode("utf-8", "replace").decode()
