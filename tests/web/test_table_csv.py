"""A table as CSV holds no cell that a spreadsheet computes, and every CSV of the desk is made there."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import leadwerk.web
from leadwerk.web.pages.table_csv import csv_answer

FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(A1)")
"""Spreadsheets of Japanese and Chinese take the wide signs for the narrow ones."""


def test_no_cell_is_a_formula() -> None:
    answer = csv_answer("calls", [["lead", *FORMULAS], *([formula, "text"] for formula in FORMULAS)])
    cells = [cell for row in csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")) for cell in row]
    assert [cell for cell in cells if cell[:1] in "=+-@\t\r\n＝＋－＠"] == []
    assert cells.count("'=1+1") == 2
    assert "text" in cells


def test_every_csv_of_the_desk_is_made_here() -> None:
    folder = Path(leadwerk.web.__file__).parent
    makers = [file.name for file in sorted(folder.rglob("*.py")) if "text/csv" in file.read_text("utf-8")]
    assert makers == ["table_csv.py"]
