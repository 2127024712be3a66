"""What the console shows fits the terminal and keeps the text."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from leadwerk.cli.application import run
from leadwerk.cli.console import figure, table

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


def test_a_long_list_is_cut_and_says_how_much_is_missing() -> None:
    warnings = [f"2026-03-{day:02}: the export has no table yet" for day in range(1, 31)]
    assert figure(warnings) == ", ".join([*warnings[:3], "… and 27 more (--json shows all)"])
    assert figure({str(n): "sent" for n in range(100)}) == "0 sent, 1 sent, 2 sent, … and 97 more (--json shows all)"
    assert figure({"HOT": 1, "WARM": 2}) == "HOT 1, WARM 2"
    assert figure(["de", "fr", "it", "en", "rm", "ro"]) == "de, fr, it, en, rm, ro"


@pytest.mark.parametrize("sequence", ["\x1b]0;title\x1b\\", "\x1b]52;c;cm0gLXJm\x07", "\x1b[2J", "\x9b2J", "\u202e"])
def test_no_sign_of_a_file_reaches_the_terminal_as_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sequence: str
) -> None:
    rows = "\n".join(f"{number},{sequence}a,{'won' if number % 2 else 'lost'}" for number in range(40))
    file = tmp_path / "leads.csv"
    file.write_text(f"id,chan{sequence}nel,status\n{rows}\n,{sequence},won\n", "utf-8")
    arguments = ["import", str(file), "--id", "id", "--outcome", "status", "--dry-run"]
    run(["--home", str(tmp_path / "home"), *arguments])
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    assert "chan" in printed
    assert [sign for sign in printed if not (sign.isprintable() or sign == "\n")] == []
