"""A file with job titles, from import to a reason: the model learns the class of a title, and a seller reads it."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadwerk.cli.application import run
from leadwerk.cli.exit_codes import EXIT_NO_SIGNAL
from leadwerk.policy.load import shipped_text

NOW = "2026-06-01T08:00:00Z"
TITLES = {
    "ceo": ("Geschäftsführer", "Directrice générale", "Amministratore delegato", "CEO"),
    "assistant": ("Sekretärin", "Secrétaire", "Segretaria", "Assistant"),
    "other": ("Einkäufer", "Ingénieur", "Consulente", "Engineer"),
}
# Here it is the assistants who buy, which no rule of the shipped policy says.
CHANCE = {"ceo": 0.15, "assistant": 0.75, "other": 0.4}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("POLICY", "REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("LEADWERK_HOME", str(folder))
    folder.mkdir()
    quick = shipped_text("b2b_swiss").replace("landmark_days: [0, 1, 3, 7, 14, 30, 60]", "landmark_days: [0]")
    (folder / "policy.yaml").write_text(quick, "utf-8")
    return folder


def history(folder: Path, rows: int = 700) -> Path:
    """Leads of 2025 whose outcome depends on the job title alone; every tenth has none."""
    chance, lines = random.Random(11), ["nr;kam;stand;job_title;language;employees"]
    for n in range(rows):
        seniority = chance.choice(list(TITLES))
        won = chance.random() < CHANCE[seniority]
        title = chance.choice(TITLES[seniority]) if n % 10 else ("", "-", "?")[n // 10 % 3]
        came = date(2025, 1, 6) + timedelta(days=n // 2)
        language, size = chance.choice(["de", "fr", "it", "en"]), chance.choice([4, 60, 900])
        lines.append(f"{n};{came:%d.%m.%Y};{'closedwon' if won else 'closedlost'};{title};{language};{size}")
    path = folder / "crm.csv"
    path.write_text("\n".join([*lines, ""]), "utf-8")
    return path


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "--now", NOW, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def scored(capsys: pytest.CaptureFixture[str], title: str, language: str) -> Any:
    form = {"created_at": "2026-05-31T10:00:00Z", "job_title": title, "language": language, "employees": 60}
    return result(capsys, "score", "new", "--form", json.dumps(form), "--dry-run")


def learned(capsys: pytest.CaptureFixture[str], file: Path) -> Any:
    named = ("--id", "nr", "--outcome", "stand", "--time", "kam", "--keep-policy")
    assert result(capsys, "import", str(file), *named)["leads"] == 700
    assert run(["retrain", "--now", NOW, "--json"]) in (0, EXIT_NO_SIGNAL)
    return json.loads(capsys.readouterr().out)


def auc(trained: Any, name: str) -> float:
    return float(trained["metrics"][name]["auc"]["value"])


@pytest.mark.slow
def test_as_free_text_the_job_title_teaches_the_model_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = yaml.safe_load((home / "policy.yaml").read_text("utf-8"))
    document["attributes"] = [attribute for attribute in document["attributes"] if attribute["name"] != "seniority"]
    (home / "policy.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    trained = learned(capsys, history(tmp_path))
    assert (trained["promoted"], trained["verdict"]) == (False, "no_signal")
    assert auc(trained, "challenger") < 0.6


@pytest.mark.slow
def test_the_model_learns_from_job_titles_and_says_so_in_the_leads_language(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = learned(capsys, history(tmp_path))
    assert trained["promoted"]
    assert auc(trained, "challenger") > 0.65 > 0.5 > auc(trained, "points")

    for language, title, expected_reason in (
        ("de", "Direktionsassistentin", "Hierarchiestufe: Assistenz"),
        ("fr", "Secrétaire de direction", "niveau hiérarchique\u00a0: assistanat"),
        ("it", "Segretaria di direzione", "livello gerarchico: assistenza"),
        ("en", "Assistant to the board", "seniority: assistant"),
    ):
        score = scored(capsys, title, language)
        assert any(expected_reason in reason["text"] for reason in score["reasons"]), score["reasons"]
    by_title = {title: scored(capsys, title, "de")["probability"] for title in ("Segretaria", "Einkäufer", "PDG", "")}
    assert by_title["Segretaria"] > by_title["Einkäufer"] > by_title["PDG"]
    assert by_title["Segretaria"] > by_title[""] > by_title["PDG"]
