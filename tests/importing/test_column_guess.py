"""The columns that a file's id, outcome and creation time are guessed to stand in; nothing is decided by a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadwerk.importing.column_guess import ColumnGuess, guess_columns, status_counts
from leadwerk.importing.column_kinds import describe_columns
from leadwerk.importing.table import read_table

ROWS = 40


def guess(tmp_path: Path, header: str, *columns: tuple[str, ...]) -> ColumnGuess:
    """Of a file of ROWS rows whose columns repeat the values given; `#` in a value is the row's number."""
    rows = [",".join(values[at % len(values)].replace("#", str(100 + at)) for values in columns) for at in range(ROWS)]
    path = tmp_path / "leads.csv"
    path.write_text("\n".join([header, *rows]), "utf-8")
    table = read_table(path)
    return guess_columns(table, describe_columns(table))


def test_a_crm_export_is_understood_by_titles_and_values(tmp_path: Path) -> None:
    guessed = guess(
        tmp_path,
        "Budget,Lead-Nr,Quelle,Status,Erstellt am,Geändert am",
        ("1#.5",), ("L#",), ("Messe", "Web"), ("Gewonnen", "Verloren", "Neu"), ("0#.01.2025"[1:],), ("05.02.2025",),
    )  # fmt: skip
    assert (guessed.id, guessed.outcome, guessed.positive) == ("Lead-Nr", "Status", "Gewonnen")


def test_the_time_is_the_creation_and_no_later_change(tmp_path: Path) -> None:
    days = tuple(f"{day:02}.03.2025" for day in range(1, 28))
    guessed = guess(tmp_path, "id,Modified,Create Date,Converted", ("#",), days, days, ("yes", "no"))
    assert (guessed.time, guessed.outcome, guessed.positive) == ("Create Date", "Converted", "yes")


def test_a_value_of_success_that_is_no_usual_word_is_asked_for(tmp_path: Path) -> None:
    guessed = guess(tmp_path, "Record ID,Lifecycle", ("#",), ("customer", "subscriber"))
    assert (guessed.outcome, guessed.positive) == ("Lifecycle", None)


def test_a_file_without_an_outcome_has_none(tmp_path: Path) -> None:
    guessed = guess(tmp_path, "Name,Channel,Paid", ("Anna #",), ("web", "fair"), ("yes", "no"))
    assert (guessed.outcome, guessed.positive, guessed.time) == (None, None, None)


@pytest.mark.parametrize("header", ["colour,Status", "Grösse,status"])
def test_without_an_id_the_row_number_is_the_id(tmp_path: Path, header: str) -> None:
    assert guess(tmp_path, header, ("red", "blue"), ("won", "lost")).id == "row"


def test_an_id_that_comes_back_for_each_change_of_a_lead_is_the_id_all_the_same(tmp_path: Path) -> None:
    assert guess(tmp_path, "lead_id,status", tuple(f"L{at // 2}" for at in range(ROWS)), ("new", "won")).id == "lead_id"


def test_spellings_of_a_status_are_counted_together(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("id,status\n1,Won\n2,won \n3,lost\n", "utf-8")
    assert status_counts(read_table(path), "status") == [("Won", 2), ("lost", 1)]
