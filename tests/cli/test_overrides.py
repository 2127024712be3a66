"""`leadwerk overrides` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.command_line import console_output, result
from support.selling import DAY, NOW, lead, outcome, score, warehouse

NOON = ("--now", NOW.isoformat())
SET = ("overrides", "set", "1", "--cluster", "HOT", "--by", "Eva", "--reason", "met at the fair")
LATER = ("--now", (NOW + DAY).isoformat())
IN_ENGLISH = ("--output-language", "en")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("REGISTRY", "REPORTS", "PICKS", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    warehouse(
        tmp_path,
        leads=[lead("1"), lead("2"), lead("lost")],
        scores=[score("1"), score("2")],
        outcomes=[outcome("lost", NOW - DAY, "closedlost", "lost")],
    )
    return tmp_path


def override_rows(home: Path) -> list[dict[str, Any]]:
    return DuckDBWarehouse(home).rows(from_text("SELECT * FROM leadwerk.overrides ORDER BY sequence"), {})


@pytest.mark.slow
def test_a_lead_is_overridden_listed_told_of_and_released(capsys: pytest.CaptureFixture[str]) -> None:
    text = console_output(capsys, *SET, "--days", "14", *NOON, *IN_ENGLISH)
    assert text == "Lead 1 is HOT until 2026-05-18, set by Eva. Its score is now HOT: Call_Today, stage sql"
    table = console_output(capsys, "overrides", "list", *NOON, *IN_ENGLISH)
    assert (
        "1 lead overridden" in table and "product decides" in table and "COLD" in table and "met at the fair" in table
    )
    assert [lead["lead_id"] for lead in result(capsys, "leads", "list", "--cluster", "HOT", *NOON)["leads"]] == ["1"]
    assert "Eva set the lead to “hot” until 2026-05-18" in console_output(
        capsys, "history", "1", "--output-language", "en", *NOON
    )
    assert "its score decides" in console_output(capsys, "overrides", "clear", "1", "--by", "Urs", *LATER, *IN_ENGLISH)
    assert result(capsys, "overrides", "list", *LATER) == []
    assert [override["by"] for override in result(capsys, "overrides", "list", *NOON)] == ["Eva"]  # as it was


@pytest.mark.slow
def test_json_has_the_word_and_the_score_that_follows(capsys: pytest.CaptureFixture[str]) -> None:
    answer = result(capsys, *SET, "--until", "2026-05-20", *NOON)
    assert (answer["override"]["until"], answer["score"]["decided_by"]) == ("2026-05-20", "Eva")
    [listed] = result(capsys, "overrides", "list", *NOON)
    assert (listed["cluster"], listed["product"]["cluster"]) == ("HOT", "COLD")
    left = result(capsys, "overrides", "clear", "1", "--by", "Urs", *LATER)
    assert (left["override"], left["score"]["decided_by"]) == (None, None)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Lead 1 ist HOT bis 2026-05-18, gesetzt von Eva. Sein Score ist jetzt HOT: Call_Today, Stufe sql"),
        (
            "fr",
            "Le lead 1 est HOT jusqu’au 2026-05-18, fixé par Eva. Son score est maintenant HOT : Call_Today, étape sql",
        ),
        ("it", "Il lead 1 è HOT fino al 2026-05-18, impostato da Eva. Il suo score è ora HOT: Call_Today, fase sql"),
    ],
)
def test_a_seller_is_answered_in_the_language_of_the_output(
    capsys: pytest.CaptureFixture[str], language: str, sentence: str
) -> None:
    assert console_output(capsys, *SET, "--days", "14", *NOON, "--output-language", language) == sentence


def test_typed_twice_it_is_recorded_once(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert result(capsys, *SET, *NOON)["override"] == result(capsys, *SET, *LATER)["override"]
    assert len(override_rows(home)) == 1


def test_whoever_overrules_another_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    console_output(capsys, *SET, *NOON)
    text = console_output(
        capsys,
        "overrides",
        "set",
        "1",
        "--cluster",
        "COLD",
        "--by",
        "Urs",
        "--reason",
        "no budget",
        *LATER,
        *IN_ENGLISH,
    )
    assert "set by Urs, in place of Eva" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1", "--by", "Eva", "--reason", "r"), "--cluster"),
        (("1", "--by", "Eva", "--cluster", "HOT", "--reason", " "), "reason"),
        (("1", "--cluster", "HOT", "--reason", "r"), "--by"),
        (("1", "--by", "Eva", "--cluster", "HOT"), "--reason"),
        (("1", "--by", "Eva", "--cluster", "BOILING", "--reason", "r"), "HOT, WARM, COLD, DISQUALIFIED"),
        (("1", "--by", "Eva", "--cluster", "HOT", "--reason", "r", "--until", "2026-05-01"), "is in the past"),
        (("1", "--by", "Eva", "--cluster", "HOT", "--reason", "r", "--until", "soon"), "Write 2026-01-31"),
        (("1", "--by", "Eva", "--cluster", "HOT", "--reason", "r", "--days", "500"), "365"),
        (("nobody", "--by", "Eva", "--cluster", "HOT", "--reason", "r"), "does not exist"),
        (("lost", "--by", "Eva", "--cluster", "HOT", "--reason", "r"), "closed"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_the_way_out(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in console_output(capsys, "overrides", "set", *arguments, *NOON, code=2)
    assert override_rows(home) == []


def test_the_list_is_json_for_machines_also_when_nobody_decided_anything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["overrides", "list", "--json", *NOON]) == 0
    assert json.loads(capsys.readouterr().out) == []
