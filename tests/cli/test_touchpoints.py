"""`leadwerk touchpoints`: a list of a fair's visitors from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadwerk.cli.application import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support import example_leads
from support.example_leads import NOW

NOW_TEXT = NOW.isoformat()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADWERK_POLICY", "mortgage")
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    example_leads.warehouse(tmp_path)
    return tmp_path


def count(home: Path) -> int:
    query = from_text("SELECT COUNT(*) AS n FROM leadwerk.touchpoints WHERE kind = 'event'")
    return int(DuckDBWarehouse(home).rows(query, {})[0]["n"])


def test_a_list_is_stored_once_and_what_cannot_be_used_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fair = home / "fair.csv"
    fair.write_text("Lead-Nr;Stand\n1;A\n2;B\nnobody;C\n", encoding="cp1252")
    arguments = ["--now", NOW_TEXT, "--json", "touchpoints", str(fair), "--kind", "event", "--at", "01.05.2026"]
    assert run(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["stored"], report["already_stored"], [refusal["index"] for refusal in report["refused"]]) == (
        2,
        0,
        [2],
    )
    assert report["kinds_without_signal"] == ["event"]
    assert run(arguments) == 0
    assert count(home) == 2


def test_a_file_without_a_usable_row_is_an_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fair = home / "fair.csv"
    fair.write_text("Name;Stand\nAnna;A\n", encoding="utf-8")
    assert run(["--now", NOW_TEXT, "touchpoints", str(fair), "--kind", "event"]) == 2
    assert "No touchpoint could be used" in capsys.readouterr().err
