"""A command line that cannot be read is refused in the reader's language, with what to do, and exit code 2."""

from __future__ import annotations

import pytest

from leadwerk.cli.application import run

LINES = {
    "missing argument": (["models", "promote"], "Das Argument version fehlt."),
    "missing option": (["picks", "take", "102938"], "Die Option --seller fehlt."),
    "missing command": (["--home", "somewhere"], "Der Befehl fehlt."),
    "unknown command": (["nonsense"], "Es gibt keinen Befehl nonsense."),
    "command with a slip": (["retrai"], "Es gibt keinen Befehl retrai. Ähnlich: 'retrain'"),
    "unknown option": (["doctor", "--zzz"], "Es gibt keine Option --zzz."),
    "option with a slip": (["retrain", "--nope"], "Es gibt keine Option --nope. Ähnlich: --home, --now."),
    "option without its value": (["retrain", "--now"], "Die Option --now braucht einen Wert."),
    "flag with a value": (["retrain", "--json=3"], "Die Option --json nimmt keinen Wert."),
    "too many arguments": (["doctor", "a", "b"], "Mehr Argumente, als der Befehl nimmt: a b."),
    "no choice": (["accounts", "list", "--sort", "size"], "--sort: Der Wert size ist nicht brauchbar."),
    "no whole number": (["thresholds", "show", "--sellers", "abc"], "--sellers: Der Wert abc ist nicht brauchbar."),
}


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return " ".join(captured.err.replace("│", " ").replace("\xa0", " ").split())


@pytest.mark.parametrize(("arguments", "message"), LINES.values(), ids=LINES.keys())
def test_what_typer_refuses_is_refused_in_the_readers_language(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "de_CH.UTF-8")
    block = refusal(arguments, capsys)
    assert "Das hat nicht geklappt" in block
    assert message in block
    remedies = (
        "--help` zeigt, was der Befehl nimmt.",
        "Geben Sie eine ganze Zahl an.",
        "eines hiervon an: 'icp', 'points'",
    )
    assert any(remedy in block for remedy in remedies)


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("fr", "L’argument version manque. `leadwerk models promote --help` montre ce que prend la commande."),
        ("it", "Manca l’argomento version. `leadwerk models promote --help` mostra che cosa prende il comando."),
        ("en", "The argument version is missing. `leadwerk models promote --help` shows what the command takes."),
    ],
)
def test_the_stated_language_decides(language: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in refusal(["--output-language", language, "models", "promote"], capsys)


def test_a_family_without_a_command_shows_its_help_and_no_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 2
    captured = capsys.readouterr()
    assert "rollback" in captured.out + captured.err
    assert "did not work" not in captured.err
