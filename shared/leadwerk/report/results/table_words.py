"""Words of tables: heads of columns, and intervals."""

from __future__ import annotations

from leadwerk.report.wording import Wording

Cells = tuple[str, ...]


def column_heads(wording: Wording, *names: str) -> Cells:
    """The heads of columns by their names."""
    return tuple(wording.say(f"page.column.{name}") for name in names)


def interval_text(wording: Wording, low: float, high: float) -> str:
    """An interval of shares."""
    return f"{wording.percent(low)} … {wording.percent(high)}"
