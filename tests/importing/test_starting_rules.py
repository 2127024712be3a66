"""Starting rules of small files: hints where something sets won leads apart, guesses where little does, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadwerk.importing.starting_rules import StartingRule
from support.case_files import NOW
from support.command_line import console_output
from support.imported_files import plan, table

COLUMNS = ("--id", "Nr", "--outcome", "Status", "--positive", "won")


def small(leads: int, won: int, *, shows: bool = True) -> str:
    """A file whose won leads come from fairs, as some others do, or whose columns show nothing."""
    source = [("Fair" if shows and (n < won or n % 7 == 0) else ("Web", "Mail")[n % 2]) for n in range(leads)]
    lines = (f"L{n};{source[n]};{'won' if n < won else 'lost'}" for n in range(leads))
    return "\n".join(["Nr;Source;Status", *lines])


def rules(folder: Path, text: str) -> tuple[StartingRule, ...]:
    return plan(table(folder, text), "Nr", "Status", positive="won").starting_rules


def test_what_sets_many_won_leads_apart_is_a_hint(tmp_path: Path) -> None:
    (rule,) = rules(tmp_path, small(80, 20))
    assert (rule.label, rule.is_guess) == ("Source: Fair", False)


def test_ten_leads_with_one_won_get_an_order_that_is_a_guess(tmp_path: Path) -> None:
    (rule,) = rules(tmp_path, small(10, 1))
    assert (rule.label, rule.points, rule.is_guess) == ("Source: Fair", 5, True)


@pytest.mark.parametrize(("leads", "won"), [(2, 1), (3, 1)])
def test_two_or_three_leads_show_nothing(tmp_path: Path, leads: int, won: int) -> None:
    assert not rules(tmp_path, small(leads, won))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (small(80, 20), "1 starting rule gives points"),
        (small(10, 1), "With 1 won of 10 decided leads no property sets the won ones apart for certain"),
        (small(12, 6, shows=False), "With 6 won of 12 decided leads nothing sets the won ones apart"),
    ],
    ids=["hint", "guess", "nothing"],
)
def test_an_import_of_a_small_file_states_what_it_is_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (tmp_path / "leads.csv").write_text(text, "utf-8")
    home = ("--home", str(tmp_path / "home"))
    assert message in console_output(capsys, "import", str(tmp_path / "leads.csv"), *COLUMNS, *home, *NOW)


@pytest.mark.slow
def test_leads_of_a_guess_are_scored_in_its_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leads.csv").write_text(small(10, 1), "utf-8")
    home = ("--home", str(tmp_path / "home"))
    console_output(capsys, "import", str(tmp_path / "leads.csv"), *COLUMNS, *home, *NOW)
    scored = tmp_path / "scored.csv"
    console_output(capsys, "score", "--csv", str(tmp_path / "leads.csv"), "--out", str(scored), *home, *NOW)
    titles, *lines = (line.split(";") for line in scored.read_text("utf-8-sig").splitlines())
    rows = [dict(zip(titles, line, strict=True)) for line in lines]
    assert {(row["Source"] == "Fair", float(row["points"]) > 0) for row in rows} == {(True, True), (False, False)}
