"""What users read comes from the language files: no sentence of theirs stands in the code of the finished rooms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import leadwerk
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.cli.application import run
from leadwerk.texts.catalogue import entries

PACKAGE = Path(leadwerk.__file__).parent
PRINTING_FINISHED = (
    *(
        f"cli/{name}.py"
        for name in (
            "accounts", "history", "import_csv", "import_view", "leads", "overrides", "picks", "report_view",
            "score_csv", "scoring", "simulate", "threshold_view",
        )
    ),
)  # fmt: skip
"""Modules whose printed texts come from the language files."""
REFUSING_FINISHED = (
    *sorted(path.relative_to(PACKAGE).as_posix() for path in (PACKAGE / "importing").glob("*.py")),
    "cli/import_csv.py",
    "cli/import_view.py",
    "cli/score_csv.py",
    "pipeline/import_home.py",
    "pipeline/import_leads.py",
    "web/pages/start_form.py",
)
"""Modules whose refusals come from the language files."""
PRINTING, REFUSING = (
    {"print", "echo", "table", "number_of", "working", "show"},
    re.compile(r"\w*Error|refusal|NoChampion"),
)
FROM_FILES = {"say", "columns", "number_of", "Message"}
MARKUP, WORD = re.compile(r"\[/?[a-z ]+\]"), re.compile(r"[A-Za-zÀ-ÿ]{3,}")
KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+")


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def written(node: ast.AST) -> Iterator[ast.Constant]:
    """The texts within a node that no language file gives."""
    if isinstance(node, ast.Call) and name_of(node) in FROM_FILES:
        return
    if isinstance(node, ast.keyword) and node.arg == "style":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from written(child)


def calls_in(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def printed(source: str) -> list[str]:
    """Words that a printing call of this source writes itself."""
    texts = {
        (text.lineno, str(text.value))
        for call in calls_in(source)
        if name_of(call) in PRINTING
        for text in written(call)
    }
    return [
        f"{line}: {text}"
        for line, text in sorted(texts)
        if not KEY.fullmatch(text) and any(term != "UTC" for term in WORD.findall(MARKUP.sub("", text)))
    ]


def refused(source: str) -> list[str]:
    """Sentences that an error of this source says itself: its message, and its remedy."""
    parts = (
        part
        for call in calls_in(source)
        if REFUSING.fullmatch(name_of(call))
        for part in (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "remedy"))
    )
    sentences = [(text.lineno, str(text.value)) for part in parts for text in written(part)]
    return [f"{line}: {sentence}" for line, sentence in sentences if " " in sentence.strip()]


@pytest.mark.parametrize("module", PRINTING_FINISHED)
def test_what_a_command_prints_is_in_the_language_files(module: str) -> None:
    assert printed((PACKAGE / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", REFUSING_FINISHED)
def test_what_a_module_refuses_is_in_the_language_files(module: str) -> None:
    assert refused((PACKAGE / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ['out.print("A sentence.")', 'out.print(f"[bold]{lead} held[/bold]")', 'out.print(table("", ("seller",), rows))'],
)
def test_a_printed_sentence_in_the_code_is_found(source: str) -> None:
    assert len(printed(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'InputError("Not so.", field="x")',
        'InputError(Message("a.b"), field="x", remedy="Do it.")',
        'errors.InputError(f"{x} is wrong.", field="x", value="a value", remedy=Message("a.b"))',
    ],
)
def test_a_refusal_in_the_code_is_found(source: str) -> None:
    assert len(refused(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "out.print(f\"[bold]{speech.say('score.lead', lead=lead)}[/bold] →\")",
        'out.print(table("", header, rows))',
        'show(call, result, "extract.done")',
    ],
)
def test_markup_keys_and_texts_of_the_files_are_no_sentences(source: str) -> None:
    assert printed(source) == []


def test_a_refusal_of_the_files_is_no_sentence() -> None:
    assert refused('InputError(Message("a.b", name="x y"), field="a b", value="c d", remedy=Message("a.c"))') == []


def test_every_text_of_the_command_line_is_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "cli").rglob("*.py"))
    keys = [key.removeprefix("cli.") for key in entries("en") if key.startswith("cli.")]
    unused = [
        key
        for key in keys
        if not any(f'"{part}"' in source for part in (key, f"cli.{key}", key.removeprefix("column.")))
        and f'"{key.rpartition(".")[0]}.{{' not in source.replace('f"', '"')
        and f"'{key}'" not in source
    ]
    assert unused == []
    assert all(set(entries(language)) >= {f"cli.{key}" for key in keys} for language in LANGUAGES)


IMPORT_TEXTS = {
    "de": ("Importiert", "Wert von «outcome»", "Das hat nicht geklappt"),
    "fr": ("Importé", "valeur de « outcome »", "Cela n’a pas fonctionné"),
    "it": ("Importato", "valore di «outcome»", "Non ha funzionato"),
    "en": ("Imported", "value of 'outcome'", "That did not work"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_import_answers_and_refuses_in_the_readers_language(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "leads.csv"
    rows = [f"{number},{number % 7},{'won' if number % 3 else 'lost'}" for number in range(60)]
    file.write_text("\n".join(["id,visits,outcome", *rows]), "utf-8")
    stated = ["--home", str(tmp_path / "home"), "import", str(file), "--id", "id", "--outcome", "outcome"]
    assert run([*stated, "--positive", "sold", "--output-language", language]) == 2
    refusal = capsys.readouterr().err.replace("\xa0", " ")
    imported, reason, title = IMPORT_TEXTS[language]
    assert title in refusal
    assert reason in " ".join(refusal.replace("│", " ").split())
    assert run([*stated, "--output-language", language]) == 0
    assert imported in capsys.readouterr().out


def test_the_terminal_says_the_language_where_no_option_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "it_CH.UTF-8")
    assert run(["--home", str(tmp_path), "import", str(tmp_path / "nowhere.csv")]) == 2
    assert "non può essere letto" in " ".join(capsys.readouterr().err.split())
