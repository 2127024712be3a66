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


@pytest.mark.parametrize(
    ("language", "reason", "remedy"),
    [
        ("de", "Ein solcher Lead ist nicht bekannt.", "Der Lead muss"),
        ("it", "Questo lead non è noto.", "deve arrivare"),
    ],
)
def test_what_is_refused_is_named_in_the_readers_language(
    home: Path, capsys: pytest.CaptureFixture[str], language: str, reason: str, remedy: str
) -> None:
    fair = home / "fair.csv"
    fair.write_text("Lead-Nr;Stand\n1;A\nnobody;C\n", encoding="utf-8")
    assert run(["--now", NOW_TEXT, "--output-language", language, "touchpoints", str(fair), "--kind", "event"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert reason in output
    assert remedy in output


def test_a_wrong_setting_is_refused_in_the_readers_language(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADWERK_ENGINE", "oracle")
    assert run(["--output-language", "fr", "doctor"]) == 2
    block = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "LEADWERK_ENGINE vaut 'oracle'." in block
    assert "Donnez-lui l’une de ces valeurs : duckdb, bigquery." in block


def stored(home: Path, column: str) -> list[object]:
    query = from_text(f"SELECT {column} AS value FROM leadwerk.touchpoints WHERE kind IN ('fair', 'calculator')")
    return sorted(row["value"] for row in DuckDBWarehouse(home).rows(query, {}))


def of_file(home: Path, text: str, *options: str, command: str = "touchpoints") -> int:
    file = home / "list.csv"
    file.write_text(text, encoding="utf-8")
    kind = ("--kind", "fair") if command == "touchpoints" else ()
    return run(["--now", NOW_TEXT, "--json", command, str(file), *kind, *options])


def days(home: Path) -> list[str]:
    return [f"{moment:%d.%m. %H:%M}" for moment in stored(home, "occurred_at")]


def test_the_column_proves_that_the_month_comes_first(home: Path) -> None:
    assert of_file(home, "Lead-Nr,Time\n1,3/4/2026 4:03 PM\n2,3/13/2026 9:15 AM\n") == 0
    assert days(home) == ["04.03. 15:03", "13.03. 08:15"]


def test_dates_of_two_readings_are_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unclear = "Lead-Nr,Time\n1,3/4/2026\n2,3/5/2026\n"
    assert of_file(home, unclear) == 2
    assert "does the day come first, or the month" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert stored(home, "occurred_at") == []
    assert of_file(home, unclear, "--date-order", "mdy") == 0
    assert days(home) == ["03.03. 23:00", "04.03. 23:00"]


def test_dates_below_an_unknown_title_are_not_stored_as_now(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    visitors = "Lead-Nr;Besuchstag\n1;04.03.2026\n2;13.03.2026\n"
    assert of_file(home, visitors) == 2
    assert "'Besuchstag' holds dates" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert of_file(home, visitors, "--time", "besuchstag") == 0
    assert days(home) == ["03.03. 23:00", "12.03. 23:00"]


def test_seconds_since_1970_are_times(home: Path) -> None:
    assert of_file(home, "lead_id,timestamp\n1,1772636580\n2,1773393300\n") == 0
    assert days(home) == ["04.03. 15:03", "13.03. 09:15"]


@pytest.mark.parametrize("term", ["10", "10 Jahre", "120 months"])
def test_a_term_is_read_with_its_unit(home: Path, term: str) -> None:
    log = f"Lead-Nr;Zeit;loan_amount;Zins;Laufzeit\n1;04.03.2026;100'000;6 %;{term}\n"
    assert of_file(home, log, command="calculator") == 0
    assert stored(home, "instalment") == [1110.21]
