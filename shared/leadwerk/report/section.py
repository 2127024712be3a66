"""One section of the report: a title, paragraphs, a chart, a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadwerk.report.formatter import Formatter

ReportSection = dict[str, Any]


def section(
    formatter: Formatter,
    key: str,
    *,
    paragraphs: Sequence[str] = (),
    svg: str = "",
    header: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
    wide: bool = False,
) -> ReportSection:
    """A section as the page's template reads it; `key` names its title, `wide` gives it both columns."""
    return {
        "id": key.rpartition(".")[2],
        "title": formatter.say(key),
        "paragraphs": [paragraph for paragraph in paragraphs if paragraph],
        "svg": svg,
        "header": header,
        "rows": rows,
        "wide": wide,
    }
