"""What the console shows fits the terminal and keeps the text."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from leadwerk.cli.console import figure, number_of, table

HEADER = ("lead", "score", "region", "held by", "why")
ROWS = [("102938", "84", "CH-ZH", "", "Dafür spricht: Hypothekensimulator: 5-mal in 30 Tagen")]


def drawn(width: int, header: tuple[str, ...] = HEADER, rows: list[tuple[str, ...]] = ROWS) -> list[str]:
    stream = StringIO()
    Console(file=stream, width=width, highlight=False).print(table("1 lead", header, rows, width=width))
    return [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]


def test_a_wide_terminal_shows_rows_side_by_side() -> None:
    title, header, _, row = drawn(100)
    assert title == "1 lead"
    assert header.split() == ["lead", "score", "region", "held", "by", "why"]
    assert "102938" in row
    assert "5-mal in 30 Tagen" in row


def test_a_narrow_one_shows_a_paragraph_each_and_breaks_no_word() -> None:
    lines = drawn(40)
    assert lines[:2] == ["1 lead", "lead 102938"]
    assert " ".join(" ".join(lines[2:]).split()) == (
        "score 84 · region CH-ZH · why Dafür spricht: Hypothekensimulator: 5-mal in 30 Tagen"
    )
    assert all(len(line) <= 40 for line in lines)


@pytest.mark.parametrize("width", [30, 100])
def test_brackets_are_shown_as_they_stand(width: int) -> None:
    assert any("[/red]" in line for line in drawn(width, ("[b]", "y"), [("[/red]", "a long word or two"), ("x", "y")]))


def test_numbers_are_counted_in_words() -> None:
    assert [number_of([0] * n, "lead") for n in (0, 1, 2)] == ["0 leads", "1 lead", "2 leads"]


def test_a_long_list_is_cut_and_says_how_much_is_missing() -> None:
    warnings = [f"2026-03-{day:02}: the export has no table yet" for day in range(1, 31)]
    assert figure(warnings) == ", ".join([*warnings[:3], "… and 27 more (--json shows all)"])
    assert figure({str(n): "sent" for n in range(100)}) == "0 sent, 1 sent, 2 sent, … and 97 more (--json shows all)"
    assert figure({"HOT": 1, "WARM": 2}) == "HOT 1, WARM 2"
    assert figure(["de", "fr", "it", "en", "rm", "ro"]) == "de, fr, it, en, rm, ro"
