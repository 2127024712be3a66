"""Shared options: before the command or after it, and the version."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from leadwerk.policy import model
from support.selling import NOW, lead, score, warehouse

NOON = NOW.isoformat()
DEFAULTS = Path(model.__file__).parent / "defaults"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "POLICY", "REGISTRY", "REPORTS", "PICKS", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / "policy.yaml").write_text((DEFAULTS / "b2b_swiss.yaml").read_text("utf-8"), "utf-8")
    warehouse(home, leads=[lead("1")], scores=[score("1")])
    return home


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(arguments) == 0
    return json.loads(capsys.readouterr().out)


def test_shared_options_before_the_command_do_what_they_do_after_it(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    options = ("--home", str(home), "--now", NOON, "--json", "--output-language", "it")
    before, after = answer(capsys, *options, "leads", "list"), answer(capsys, "leads", "list", *options)
    assert before == after
    assert [lead["lead_id"] for lead in before["leads"]] == ["1"]
    assert before["leads"][0]["labels"] != answer(capsys, *options[:-1], "fr", "leads", "list")["leads"][0]["labels"]


def test_what_stands_after_the_command_wins(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    empty = ("--home", str(tmp_path / "empty"), "--json")
    assert answer(capsys, *empty, "leads", "list", "--now", NOON)["leads"] == []
    assert len(answer(capsys, *empty, "leads", "list", "--now", NOON, "--home", str(home))["leads"]) == 1


def test_a_commands_options_are_the_defaults_of_its_subcommands(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert run(["policy", "suggest", "--home", str(home), "--now", NOON, "draft"]) == 2
    assert "No suggestion for the policy in force was accepted" in capsys.readouterr().err


def test_a_default_that_a_command_does_not_use_changes_nothing(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    plain = answer(capsys, "models", "list", "--home", str(home), "--json")
    assert (
        answer(capsys, "--now", NOON, "--output-language", "de", "models", "list", "--home", str(home), "--json")
        == plain
    )


def test_an_option_after_a_command_that_does_not_use_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--now", NOON]) == 2
    assert "--now" in capsys.readouterr().err


def test_a_wrong_moment_before_the_command_is_named(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert run(["--now", "yesterday", "--home", str(home), "leads", "list"]) == 2
    assert "2026-01-31T08:00:00Z" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"leadwerk {version('leadwerk')}\n"
