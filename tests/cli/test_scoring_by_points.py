"""Before there is a model: one lead, or a file, scored by the policy's points."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadwerk.cli.application import run
from leadwerk.importing.table import read_table
from support import example_leads
from support.example_leads import NOW

AT = ("--now", NOW.isoformat())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEADWERK_POLICY", "mortgage")
    monkeypatch.setenv("COLUMNS", "200")
    example_leads.warehouse(tmp_path / "home")
    return tmp_path / "home"


@pytest.mark.slow
def test_one_lead_is_told_its_points_grade_and_stage(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "1", *AT, "--dry-run", "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert run(["score", "1", *AT, "--dry-run", "--output-language", "en"]) == 0
    output = capsys.readouterr().out
    for expected in (
        f"{scored['points']:g} points",
        scored["matrix_cell"],
        scored["stage"],
        scored["recommended_action"],
    ):
        assert expected in output
    assert scored["reasons"][0]["text"] in output
    assert "not scored" not in output


def test_a_file_gets_points_and_grades(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "new.csv", tmp_path / "scored.csv"
    source.write_text("lead_id,instalment,income,country\n71,1000,120000,CH\n72,6000,90000,FR\n", encoding="utf-8")
    assert run(["score", "--csv", str(source), "--out", str(target), *AT]) == 0
    scored_table = read_table(target)
    assert scored_table.columns[-5:] == ("probability", "predictive_score", "score_cluster", "points", "matrix_cell")
    good, bad = scored_table.rows()
    assert good[-5] in ("", None)
    assert float(good[-2]) > float(bad[-2])
    assert good[-1] < bad[-1]
