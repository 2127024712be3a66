"""Exports of one source, month after month, under other names and with other columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from support.case_files import NOW

COLUMNS = ("--id", "Nr", "--outcome", "Status", "--positive", "won", "--time", "Eingang")
LEADS = 30
Import = Callable[[Path], dict[str, Any]]


def export(folder: Path, name: str, *, changed: int = 0, encoding: str = "utf-8", budget: str = "Budget;") -> Path:
    """Thirty leads; the first `changed` were won since; `budget`: the title of a column, or empty."""
    cell = "{n}5;" if budget else ""
    lines = (
        f"L{n};{n % 28 + 1:02}.03.2026;{cell.format(n=n * 7 % 31)}{('Web', 'Messe')[n % 2]};"
        + ("won" if n < changed or n % 3 == 0 else "lost")
        for n in range(LEADS)
    )
    path = folder / name
    path.write_bytes("\n".join([f"Nr;Eingang;{budget}Quelle;Status", *lines]).encode(encoding))
    return path


@pytest.fixture
def imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    def command(path: Path) -> dict[str, Any]:
        assert run(["import", str(path), *COLUMNS, "--home", str(tmp_path / "home"), *NOW, "--json"]) == 0
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        return report

    return command


@pytest.mark.slow
def test_only_what_a_month_changed_is_new(tmp_path: Path, imported: Import) -> None:
    assert imported(export(tmp_path, "januar.csv"))["new_outcomes"] == LEADS
    assert imported(export(tmp_path, "februar.csv", changed=3))["new_outcomes"] == 2
    assert imported(export(tmp_path, "märz (1).txt", encoding="utf-16"))["new_outcomes"] == 2
    again = imported(export(tmp_path, "april.csv"))
    assert (again["new_leads"], again["new_outcomes"]) == (0, 0)


@pytest.mark.slow
def test_columns_that_a_later_file_lacks_are_named(tmp_path: Path, imported: Import) -> None:
    assert imported(export(tmp_path, "januar.csv"))["warnings"] == []
    (warning,) = imported(export(tmp_path, "februar.csv", budget="Budget CHF;"))["warnings"]
    assert (
        warning
        == "februar.csv lacks columns that the home learned from: 'Budget'. Nothing is learned from them any more."
    )
    assert "'Budget CHF'" in imported(export(tmp_path, "märz.csv", budget=""))["warnings"][0]
