"""`leadwerk thresholds` as a team leader meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from leadwerk.policy import model
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.selling_team import NOW, come_in

SELLERS = "capacity:\n  sellers:\n    - {name: anna, hours_per_week: 14, languages: [de]}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("POLICY", "REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    shipped = (Path(model.__file__).parent / "defaults" / "mortgage.yaml").read_text("utf-8")
    (tmp_path / "policy.yaml").write_text(shipped.replace("capacity:\n  sellers: []\n", SELLERS), "utf-8")
    come_in(DuckDBWarehouse(tmp_path), [45.0, 52.0, 55.0, 57.9, 61.0])
    return tmp_path


def console_output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["thresholds", *arguments, "--now", NOW.isoformat()]) == 0
    return capsys.readouterr().out


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(console_output(capsys, *arguments, "--json"))


@pytest.mark.slow
def test_it_decides_once_a_day_and_shows_what_stands(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert result(capsys, "show")["thresholds"] == []
    decided = result(capsys, "decide")
    assert (decided["stored"], [line["hot"] for line in decided["thresholds"]]) == (2, [51, 51])
    again = result(capsys, "decide")
    assert (again["stored"], again["thresholds"][0]["hot"]) == (0, 51)
    assert result(capsys, "show")["outlook"]["wanted"] == 56


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "mehr Leads|zu viele Leads"), ("fr", "trop de leads"), ("it", "troppi lead"), ("en", "more leads than")],
)
def test_it_says_why_in_the_readers_language(
    language: str, expected: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = console_output(capsys, "decide", "--output-language", language)
    assert any(expected_text in output for expected_text in expected.split("|"))
    assert "anna" in output


@pytest.mark.slow
def test_the_picture_lies_with_the_reports_or_where_it_is_asked_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Path(result(capsys, "show")["plot"]).read_bytes().startswith(b"\x89PNG")
    other = home / "ladder.svg"
    assert result(capsys, "show", "--plot", str(other))["plot"] == str(other)
    assert b"<svg" in other.read_bytes()
    assert run(["thresholds", "show", "--plot", str(home / "ladder.bmp"), "--now", NOW.isoformat()]) == 2


@pytest.mark.slow
def test_another_team_is_shown_and_not_stored(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few, many = (result(capsys, "show", "--sellers", n, "--hours", "7")["outlook"] for n in ("1", "9"))
    assert (few["hours"], few["wanted"], many["hours"], many["wanted"]) == (7, 58, 63, 40)
    assert result(capsys, "show")["thresholds"] == []


@pytest.mark.slow
def test_a_person_holds_it_and_lets_go(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result(capsys, "decide")
    row = result(capsys, "hold", "45", "--by", "Eva", "--reason", "trade fair", "--until", "2026-05-08")
    assert (row["hot"], row["author"], row["basis"]) == (45, "Eva", "points")
    output = console_output(capsys, "show", "--output-language", "en")
    assert "Eva holds 45 until 2026-05-08. Why: trade fair" in output
    assert "held by a person" in output


def test_a_value_beyond_the_limits_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["thresholds", "hold", "90", "--by", "Eva", "--reason", "x", "--now", NOW.isoformat()]) == 2
    assert "40 to 60" in capsys.readouterr().err


def test_without_sellers_it_says_where_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path / "bare"))
    monkeypatch.delenv("LEADWERK_POLICY", raising=False)
    assert "capacity" in console_output(capsys, "show", "--output-language", "en")


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["thresholds", "show", "--help"]) == 0
    assert "--sellers" in capsys.readouterr().out
    assert run(["thresholds", "--help"]) == 0
    output = capsys.readouterr().out
    assert "one point a day at most" in " ".join(output.split())


@pytest.mark.slow
def test_a_team_with_time_left_is_not_told_what_more_time_would_bring(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lowest = result(capsys, "show", "--sellers", "100", "--hours", "40")["outlook"]["rungs"][0]
    output = console_output(capsys, "show", "--sellers", "100", "--hours", "40", "--output-language", "en")
    assert f"all leads from {lowest['threshold']} on take {lowest['hours']:.1f} of 4,000" in output.replace("’", ",")
    assert "One more hour" not in output
    assert "Time is not what is lacking" not in console_output(capsys, "show", "--output-language", "en")
