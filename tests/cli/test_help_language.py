"""`--help` in four languages: each phrase has its translation, and no translation is left over."""

from __future__ import annotations

import re

import pytest
import typer

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.cli.application import app, run
from leadwerk.cli.help_frame import CONSTANTS, HELP_OPTION, METAVARS, USAGE
from leadwerk.cli.help_language import CODE, help_attributes, phrases, translated, units

OTHERS: list[Language] = [language for language in LANGUAGES if language != "en"]


def english_phrases() -> set[str]:
    """Every phrase of the help of every command and option."""
    texts = (getattr(part, name, None) for part, name in help_attributes(typer.main.get_command(app)))
    frame = {USAGE, HELP_OPTION, *CONSTANTS.values(), *METAVARS.values()}
    return {unit for text in texts if isinstance(text, str) for unit in units(text)} | frame


@pytest.mark.parametrize("language", OTHERS)
def test_every_command_and_option_has_its_help_in_the_language(language: Language) -> None:
    english = english_phrases()
    assert len(english) > 250
    assert sorted(english - set(phrases(language))) == [], "add the translation to cli/help_texts"
    assert sorted(set(phrases(language)) - english) == [], "no command has this help any more"


@pytest.mark.parametrize("language", OTHERS)
def test_commands_options_and_numbers_are_the_same_in_a_translation(language: Language) -> None:
    """What is typed is not translated: code, names of options, environment variables, figures."""
    typed = re.compile(r"`[^`]*`|(?<!\w)--?[a-z][a-z-]*|\b[A-Z]+_[A-Z_]+|\d+")
    different = {
        english: translation
        for english, translation in phrases(language).items()
        if sorted(typed.findall(english)) != sorted(typed.findall(translation))
    }
    assert different == {}


@pytest.mark.parametrize("language", OTHERS)
def test_help_is_spelt_as_other_texts_are(language: Language) -> None:
    plain = [CODE.sub("", text) for text in phrases(language).values()]
    assert [text for text in plain if "ß" in text or ("'" in text and language != "de")] == []
    if language == "fr":
        assert [text for text in plain if re.search(r"[^\u00a0\s\d/][:;?!](?:\s|$)| [:;?!%]", text)] == []


@pytest.mark.parametrize(
    ("language", "sentence", "example", "panel"),
    [
        ("de", "Alle offenen Leads neu bewerten", "Beispiel: leadwerk rescore", "Gemeinsame Optionen"),
        ("fr", "Réévalue tous les leads ouverts", "Exemple : leadwerk rescore", "Options communes"),
        ("it", "Rivaluta tutti i lead aperti", "Esempio: leadwerk rescore", "Opzioni comuni"),
        ("en", "Score all open leads again", "Example: leadwerk rescore", "Shared options"),
    ],
)
def test_help_follows_the_option_before_it_and_the_terminal(
    language: str, sentence: str, example: str, panel: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(["--output-language", language, "rescore", "--help"]) == 0
    by_option = " ".join(capsys.readouterr().out.split())
    monkeypatch.setenv("LC_ALL", f"{language}_CH.UTF-8")
    assert run(["rescore", "--help"]) == 0
    assert " ".join(capsys.readouterr().out.split()) == by_option
    assert all(text in by_option for text in (sentence, example, panel))


@pytest.mark.parametrize(
    ("language", "frame"),
    [
        ("de", ("Aufruf: leadwerk import [OPTIONEN]", "Argumente", "Optionen", "[nötig]", "Diese Hilfe zeigen.")),
        ("fr", ("Utilisation : leadwerk import [OPTIONS]", "Arguments", "[obligatoire]", "Affiche cette aide.")),
        ("it", ("Uso: leadwerk import [OPZIONI]", "Argomenti", "Opzioni", "[obbligatorio]", "Mostra questo aiuto.")),
        # Last: what another language set must not stay.
        ("en", ("Usage: leadwerk import [OPTIONS]", "Arguments", "[required]", "Show this message and exit.")),
    ],
)
def test_the_frame_around_a_help_is_in_its_language(
    language: str, frame: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--output-language", language, "import", "--help"]) == 0
    shown_help = " ".join(capsys.readouterr().out.replace("\xa0", " ").split())
    assert [phrase for phrase in frame if phrase not in shown_help] == []
    assert run(["--output-language", language, "--help"]) == 0
    command = {"de": "BEFEHL [", "fr": "COMMANDE [", "it": "COMANDO [", "en": "COMMAND ["}[language]
    assert command in " ".join(capsys.readouterr().out.split())


def test_a_list_stays_a_list_and_an_unknown_phrase_english() -> None:
    text = "Where HOT\nstarts.\n\n- `a` first\n- `b` second"
    assert translated(text, {"Where HOT starts.": "Wo HOT beginnt.", "`b` second": "`b` dann"}) == (
        "Wo HOT beginnt.\n\n- `a` first\n- `b` dann"
    )
