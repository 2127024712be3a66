"""One section of the report: a title, paragraphs, a chart, a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadwerk.report.formatter import Formatter


@dataclass(frozen=True)
class ReportTable:
    """Rows of a table; without a header the first column names each row."""

    rows: Sequence[Sequence[str]] = ()
    header: Sequence[str] = ()


@dataclass(frozen=True)
class ReportSection:
    """A section as the page's template reads it; `wide` gives it both columns."""

    id: str
    title: str
    paragraphs: Sequence[str]
    svg: str
    table: ReportTable
    wide: bool


def section(
    formatter: Formatter,
    key: str,
    *,
    paragraphs: Sequence[str] = (),
    svg: str = "",
    table: ReportTable | None = None,
    wide: bool = False,
) -> ReportSection:
    """A section whose title is the text of `key`; empty paragraphs are left out."""
    return ReportSection(
        id=key.rpartition(".")[2],
        title=formatter.say(key),
        paragraphs=[paragraph for paragraph in paragraphs if paragraph],
        svg=svg,
        table=table or ReportTable(),
        wide=wide,
    )
