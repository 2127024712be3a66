"""What sellers read at the command line comes from the language files: no sentence of theirs stands in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadwerk import cli
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.texts.catalogue import entries

FOLDER = Path(cli.__file__).parent
FOR_SELLERS = ("accounts", "history", "leads", "overrides", "picks", "scoring", "threshold_view")
"""Commands for operators speak English, as logs and errors do."""
PRINTING, FROM_FILES = {"print", "echo", "table", "number_of"}, {"say", "columns", "number_of"}
MARKUP, WORD = re.compile(r"\[/?[a-z ]+\]"), re.compile(r"[A-Za-zÀ-ÿ]{3,}")


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def written(node: ast.AST) -> Iterator[ast.Constant]:
    """The texts within a node that no language file gives."""
    if isinstance(node, ast.Call) and name_of(node) in FROM_FILES:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from written(child)


def sentences(source: str) -> list[str]:
    """Words that a printing call of this source writes itself."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and name_of(node) in PRINTING]
    texts = {(text.lineno, str(text.value)) for call in calls for text in written(call)}
    return [
        f"{line}: {text}"
        for line, text in sorted(texts)
        if any(term != "UTC" for term in WORD.findall(MARKUP.sub("", text)))
    ]


@pytest.mark.parametrize("module", FOR_SELLERS)
def test_what_sellers_read_is_in_the_language_files(module: str) -> None:
    assert sentences((FOLDER / f"{module}.py").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ['out.print("A sentence.")', 'out.print(f"[bold]{lead} held[/bold]")', 'out.print(table("", ("seller",), rows))'],
)
def test_a_sentence_in_the_code_is_found(source: str) -> None:
    assert len(sentences(source)) == 1


@pytest.mark.parametrize(
    "source",
    ["out.print(f\"[bold]{speech.say('score.lead', lead=lead)}[/bold] →\")", 'out.print(table("", header, rows))'],
)
def test_markup_and_texts_of_the_files_are_none(source: str) -> None:
    assert sentences(source) == []


def test_every_text_of_the_command_line_is_used() -> None:
    source = "".join((FOLDER / f"{module}.py").read_text(encoding="utf-8") for module in FOR_SELLERS)
    keys = [key.removeprefix("cli.") for key in entries("en") if key.startswith("cli.")]
    unused = [
        key
        for key in keys
        if not any(f'"{part}"' in source for part in (key, key.removeprefix("column.")))
        and f'"{key.rpartition(".")[0]}.{{' not in source.replace('f"', '"')
    ]
    assert unused == []
    assert all(set(entries(language)) >= {f"cli.{key}" for key in keys} for language in LANGUAGES)
