"""A table of a page as a CSV file that spreadsheets open as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from leadwerk.web import Answer

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_answer(name: str, rows: Iterable[Sequence[str]]) -> Answer:
    """The rows, the head first, as a download."""
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Answer(text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", headers=headers)


def cell(value: str) -> str:
    """A value that no spreadsheet takes for a formula.

    >>> cell("=HYPERLINK(1)"), cell("12.5")
    ("'=HYPERLINK(1)", '12.5')
    """
    return f"'{value}" if value[:1] in FORMULA_SIGNS else value
