"""retrain at the command line: what stops it, what a person decides, and its exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadwerk.cli.application import run
from leadwerk.cli.exit_codes import EXIT_ERROR, EXIT_LEAK, EXIT_NO_SIGNAL

CASE = Path(__file__).parents[3] / "shared" / "cases" / "22-leaky-columns" / "leads.csv"
ROWS = 600


def write(path: Path, *, skill: float, leak: bool = False, seed: int = 1) -> Path:
    random = np.random.default_rng(seed)
    visits = random.normal(size=ROWS)
    won = random.random(ROWS) < 1 / (1 + np.exp(1 - skill * visits))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", "Visits", "Noise", *(["Lost Reason"] if leak else []), "Outcome"])
        for k in range(ROWS):
            late = ["" if won[k] else ("price", "no answer", "rival")[k % 3]] if leak else []
            writer.writerow([k, round(visits[k], 3), round(random.normal(), 3), *late, "won" if won[k] else "lost"])
    return path


@pytest.fixture
def home(tmp_path: Path) -> list[str]:
    return ["--home", str(tmp_path / "home")]


def imported(file: Path, home: list[str], *options: str) -> None:
    assert run(["import", str(file), "--id", "Id", "--outcome", "Outcome", *options, *home, "--json"]) == 0


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def retrained(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["retrain", *options, "--json"])
    return code, json.loads(capsys.readouterr().out or "{}")


@pytest.mark.slow
def test_a_leaky_field_stops_until_a_person_excludes_it(
    tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    imported(write(tmp_path / "leads.csv", skill=1.5, leak=True), home)
    code, report = retrained(capsys, *home)
    assert (code, report["verdict"], report["promoted"], report["model_version"]) == (EXIT_LEAK, "leak", False, None)
    assert [finding["field"] for finding in report["leaks"] if finding["stops"]] == ["Lost Reason"]
    code, report = retrained(capsys, "--exclude", "Lost Reason", *home)
    assert (code, report["promoted"], report["excluded"]) == (0, True, ["Lost Reason"])
    assert retrained(capsys, *home)[1]["excluded"] == ["Lost Reason"]  # a nightly run does not ask again


@pytest.mark.slow
def test_two_fields_that_tell_the_outcome_together_stop(
    tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(1)
    won, begin = random.random(2 * ROWS) < 0.3, 50 * random.normal(size=2 * ROWS)
    with (tmp_path / "leads.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", "Begin", "End", "Outcome"])
        for k, end in enumerate(begin + 60 * won + 5 * random.normal(size=len(won))):
            writer.writerow([f"L{k}", round(begin[k], 2), round(end, 2), "won" if won[k] else "lost"])
    imported(tmp_path / "leads.csv", home)
    code, report = retrained(capsys, *home)
    assert code == EXIT_LEAK
    assert {(f["field"], f["check"], f["stops"]) for f in report["leaks"]} >= {
        ("Begin", "together", True),
        ("End", "together", True),
    }
    assert (report["champion_after"], report["model_version"]) == (None, None)
    kept_fields = ["--keep-suspect", "Begin", "--keep-suspect", "End", "--reason", "both asked in the form"]
    assert retrained(capsys, *kept_fields, *home)[0] == 0


@pytest.mark.slow
def test_a_suspect_is_kept_for_a_stated_reason_only(
    tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    imported(write(tmp_path / "leads.csv", skill=1.5, leak=True), home)
    assert run(["retrain", "--keep-suspect", "Lost Reason", *home]) == EXIT_ERROR
    assert run(["retrain", "--exclude", "Lst Reason", *home]) == EXIT_ERROR
    code, report = retrained(capsys, "--keep-suspect", "lost reason", "--reason", "asked in the form", *home)
    assert (code, report["promoted"]) == (0, True)
    assert report["leaks"][0]["kept_because"] == "asked in the form"


@pytest.mark.slow
def test_a_random_outcome_gives_no_champion_and_says_so(
    tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    imported(write(tmp_path / "leads.csv", skill=0.0), home)
    code, report = retrained(capsys, *home)
    assert (code, report["verdict"], report["champion_after"]) == (EXIT_NO_SIGNAL, "no_signal", None)
    assert "no usable signal" in report["reason"]
    assert "stale" not in report["reason"]  # of what does not serve nobody asks how old it is


@pytest.mark.slow
def test_without_model_and_rules_all_rows_are_written_as_unscored(
    tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    leads, scored, again = tmp_path / "leads.csv", tmp_path / "scored.csv", tmp_path / "again.csv"
    imported(write(leads, skill=0.0), home)
    assert run(["score", "--csv", str(leads), "--out", str(scored), *home]) == EXIT_NO_SIGNAL
    assert "leadwerk retrain" in rows_of(scored)[0]["unscored_reason"]
    retrained(capsys, *home)
    command = ["score", "--csv", str(scored), "--out", str(again), *home]
    assert run([*command, "--output-language", "de"]) == EXIT_NO_SIGNAL
    assert "kein brauchbares Signal" in " ".join(capsys.readouterr().err.split())
    rows = rows_of(again)
    assert len(rows) == len(rows_of(leads))
    assert {(row["probability"], row["predictive_score"], row["score_cluster"]) for row in rows} == {
        ("", "", "UNSCORED")
    }
    assert all("kein brauchbares Signal" in row["unscored_reason"] for row in rows)
    assert list(rows[0]).count("unscored_reason") == 1


@pytest.mark.slow
def test_what_stops_is_told_in_the_readers_language(
    tmp_path: Path, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    imported(write(tmp_path / "leads.csv", skill=1.5, leak=True), home)
    capsys.readouterr()
    assert run(["retrain", "--output-language", "de", *home]) == EXIT_LEAK
    printed = capsys.readouterr()
    text = " ".join(f"{printed.out} {printed.err}".split())
    assert "Nicht übernommen: Lost Reason kennt vielleicht das Ergebnis; es wurde nichts gelernt." in text
    assert "Lost Reason: ob es leer ist, verrät das Ergebnis" in text
    assert "--exclude 'Lost Reason'" in text


@pytest.mark.slow
@pytest.mark.skipif(not CASE.exists(), reason=f"public cases are not here: {CASE.parent.name}")
def test_the_case_of_leaky_columns_stops_on_both_and_goes_on_without_them(
    home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--id", "Lead ID", "--outcome", "Outcome", "--time", "Created", *home, "--json"]
    assert run(["import", str(CASE), *options]) == 0
    code, report = retrained(capsys, *home)
    assert code == EXIT_LEAK
    assert {f["field"] for f in report["leaks"] if f["stops"]} == {"Lost Reason", "Deal Amount"}
    code, report = retrained(capsys, "--exclude", "Lost Reason", "--exclude", "Deal Amount", *home)
    assert (code, report["promoted"]) == (0, True), report["reason"]
