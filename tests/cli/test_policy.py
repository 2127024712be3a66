"""Changing a policy on the command line, from the draft to the revert, over leads whose fate follows a formula."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer

from leadwerk.cli.application import run
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.policy.load import load, shipped_text
from support.borrowers import NOW, filled
from support.command_line import console_output, result

AT = ("--now", NOW.isoformat())
BY = ("--by", "Ada Keller", "--reason", "clicks sell")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("market")
    filled(home)
    return home


@pytest.fixture
def home(market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("POLICY", "REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    shutil.copytree(market, tmp_path / "home")
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def edited(file: str = "draft.yaml") -> None:
    text = Path(file).read_text("utf-8")
    changed = text.replace(
        "signal: newsletter_click, points: 10, cap: 30", "signal: newsletter_click, points: 40, cap: 60"
    )
    assert changed != text
    Path(file).write_text(changed.replace("      cap: 40", "      cap: 60"), encoding="utf-8")


@pytest.mark.slow
def test_from_the_draft_to_the_revert(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "draft.yaml" in console_output(capsys, "policy", "draft")
    edited()
    fields = {entry["field"] for entry in result(capsys, "policy", "diff", "draft.yaml")["differences"]}
    assert "points.rules[newsletter_click].points" in fields
    assert "points.rules[newsletter_click].points 10 40" in console_output(capsys, "policy", "diff", "draft.yaml")

    replayed = result(capsys, "policy", "replay", "draft.yaml", *AT)
    assert replayed["replay"]["gained"]["leads"] > 0
    assert replayed["from_version"] == load("mortgage").version

    output = console_output(capsys, "policy", "publish", "draft.yaml", *BY, "--yes", *AT)
    assert "HOT only now" in output
    assert "within 60 seconds" in output
    assert load(home / "policy.yaml").version == replayed["to_version"]
    [change] = result(capsys, "policy", "history", *AT)["changes"]
    assert (change["author"], change["reason"], change["kind"]) == ("Ada Keller", "clicks sell", "publish")

    back = result(capsys, "policy", "revert", "--by", "Bob", "--reason", "too many calls")
    assert back["to_version"] == replayed["from_version"]
    assert load(home / "policy.yaml").version == load("mortgage").version
    assert "revert" in console_output(capsys, "policy", "history")


@pytest.mark.slow
def test_the_tables_of_a_replay_fit_a_terminal(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadwerk.cli import console

    console_output(capsys, "policy", "draft")
    edited()
    monkeypatch.setattr(console.out, "_width", 80)
    assert run(["policy", "replay", "draft.yaml", *AT]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("newsletter_click: " in line for line in lines)


@pytest.mark.slow
def test_a_person_is_asked_and_may_say_no(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    console_output(capsys, "policy", "draft")
    edited()
    questions = []

    def no(question: str, **_: Any) -> None:
        questions.append(question)
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", no)
    assert run(["policy", "publish", "draft.yaml", *BY, *AT]) == 1
    assert "instead of" in questions[0]
    assert not (home / "policy.yaml").exists()


@pytest.mark.slow
def test_a_draft_that_is_out_of_date_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console_output(capsys, "policy", "draft")
    console_output(capsys, "policy", "draft", "--out", "other.yaml")
    edited()
    console_output(capsys, "policy", "publish", "draft.yaml", *BY, "--yes", *AT)
    Path("other.yaml").write_text(Path("other.yaml").read_text("utf-8").replace("{hot: 70,", "{hot: 71,"), "utf-8")
    refused = console_output(capsys, "policy", "publish", "other.yaml", *BY, "--yes", *AT, code=2)
    assert "The policy in force has changed since" in refused


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["policy", "draft", "--out", "here.yaml"], "is there already"),
        (["policy", "diff", "nothing.yaml"], "cannot be read"),
        (["policy", "publish", "here.yaml", "--by", "", "--reason", "x"], "--by is empty"),
        (["policy", "revert", "0123456789ab", *BY], "was never in force here"),
        (["policy", "revert", *BY], "Nothing was published before"),
        (["policy", "suggest", "accept", "webinar", *BY], "Run `leadwerk policy suggest` first"),
        (["policy", "suggest", "draft"], "No suggestion for the policy in force was accepted"),
    ],
)
def test_what_the_user_can_mend_is_said(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    Path("here.yaml").write_text(shipped_text("mortgage"), encoding="utf-8")
    assert complaint in console_output(capsys, *arguments, code=2)


@pytest.mark.slow
def test_suggestions_are_accepted_drafted_and_published(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = result(capsys, "policy", "suggest", *AT)
    assert answer["effect"]["suggested"]["of_model"] >= 0.85
    rules = [entry["rule"] for entry in answer["proposals"]]
    assert "newsletter_click" in rules
    assert "region_ch_ge" in rules

    output = console_output(capsys, "policy", "suggest", "--out", "all.yaml", *AT)
    assert "newsletter_click" in output
    assert "lead over chance" in output
    assert console_output(capsys, "policy", "check", "all.yaml").startswith("all.yaml is right")

    console_output(capsys, "policy", "suggest", "accept", "newsletter_click", "region_ch_ge", *BY, *AT)
    other_rules = (rule for rule in rules if rule not in ("newsletter_click", "region_ch_ge"))
    console_output(
        capsys, "policy", "suggest", "decline", *other_rules, "--by", "Bob", "--reason", "we know better", *AT
    )
    console_output(capsys, "policy", "suggest", "draft", "--out", "chosen.yaml", *AT)
    fields = [entry["field"] for entry in result(capsys, "policy", "diff", "chosen.yaml")["differences"]]
    assert [name for name in fields if name.endswith(".points")] == ["points.rules[newsletter_click].points"]
    assert "points.rules[region_ch_ge]" in fields
    assert "In force" in console_output(capsys, "policy", "publish", "chosen.yaml", *BY, "--yes", *AT)


@pytest.mark.slow
def test_a_declined_number_stays_out_of_the_draft(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console_output(capsys, "policy", "suggest", *AT)
    console_output(capsys, "policy", "suggest", "decline", "newsletter_click", "--by", "Bob", "--reason", "no", *AT)
    console_output(capsys, "policy", "suggest", "--out", "rest.yaml", *AT)
    fields = {entry["field"] for entry in result(capsys, "policy", "diff", "rest.yaml")["differences"]}
    assert "points.rules[newsletter_click].points" not in fields


@pytest.mark.slow
def test_every_command_that_the_guide_names_is_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "suggest.md").read_text("utf-8")
    named = {tuple(command.split()[1:]) for command in re.findall(r"leadwerk policy (?:suggest )?[a-z]+", guide)}
    assert {("policy", "revert"), ("policy", "suggest", "accept")} <= named
    for command in sorted(named):
        assert f"leadwerk {' '.join(command)}" in console_output(capsys, *command, "--help")
    options = set(re.findall(r"(?<=\s)--[a-z]+", guide))
    assert options <= {"--out", "--days", "--by", "--reason", "--yes", "--points"}


@pytest.mark.parametrize(
    ("language", "message", "remedy"),
    [
        ("de", "HOT beginnt bei 95, ausserhalb seiner Grenzen 60 bis 80.", "Wählen Sie hot dazwischen"),
        ("fr", "HOT commence à 95, hors de ses bornes 60 à 80.", "Choisissez hot entre elles"),
        ("it", "HOT comincia a 95, fuori dai suoi limiti da 60 a 80.", "Scegliete hot tra di essi"),
        ("en", "HOT begins at 95, outside its limits 60 to 80.", "Choose hot between them"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_in_the_readers_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, message: str, remedy: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(shipped_text("mortgage").replace("hot: 70", "hot: 95"), encoding="utf-8")
    assert run(["policy", "check", str(file), "--output-language", language]) == EXIT_ERROR
    refusal = " ".join(capsys.readouterr().err.split())
    assert f"{message} {remedy}" in refusal
    assert run(["policy", "check", str(file), "--json", "--output-language", language]) == EXIT_ERROR
    [error] = json.loads(capsys.readouterr().out)["errors"]
    assert (error["field"], error["message"]) == ("bands.hot", message)
    assert error["remedy"].startswith(remedy)
