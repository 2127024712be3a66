"""What users read comes from the language files: no sentence of theirs stands in the code of the finished rooms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import leadwerk
from leadwerk import errors
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.cli.application import run
from leadwerk.cli.score_csv import FileSummary
from leadwerk.crm.port import FieldPlan
from leadwerk.pipeline.deliver import DeliverReport
from leadwerk.pipeline.extract_messages import ExtractReport
from leadwerk.pipeline.import_leads import ImportReport
from leadwerk.pipeline.ingest import IngestReport
from leadwerk.pipeline.rescore import RescoreReport
from leadwerk.pipeline.workflows.stage import WorkflowReport
from leadwerk.simulation.generate import SimulationResult
from leadwerk.texts.catalogue import entries

PACKAGE = Path(leadwerk.__file__).parent
PRINTING_FINISHED = (
    *(
        f"cli/{name}.py"
        for name in (
            "accounts", "audit", "crm", "demo/commands", "demo/summary", "doctor", "drift",
            "experiments", "features", "history", "import_csv",
            "import_view", "leads", "model_card", "models", "overrides", "picks", "pipeline", "policy/commands",
            "policy/publish", "policy/replay", "privacy", "report_view", "results", "score_csv", "scoring", "simulate",
            "suggest", "threshold_view", "thresholds", "touchpoints", "transfer", "workflows",
        )
    ),
)  # fmt: skip
"""Modules whose printed texts come from the language files."""
REFUSING_IN_ENGLISH = {
    "read by the program that sent the request": (
        "crm/boma_cases.py", "crm/webhook_proof.py", "pipeline/bulk/remote_scoring.py", "pipeline/serving/messages.py",
        "pipeline/serving/named_requests.py", "pipeline/serving/shared_scoring.py", "web/__init__.py",
        "web/door/iap.py", "web/events.py", "web/moments.py", "web/pages/rendering.py", "web/pages/report.py",
        "web/remote.py", "web/request_body.py", "web/routes.py",
    ),
    "a file or a statement of ours is broken: read by who develops Leadwerk": (
        "features/additive.py", "features/encode.py", "features/saved_trees.py", "features/ubjson.py",
        "scoring/booster.py", "texts/catalogue.py", "warehouse/bigquery.py", "warehouse/bigquery_writer.py",
        "warehouse/dialect.py", "warehouse/json_rows.py", "warehouse/parameter_types.py", "warehouse/schema.py",
        "warehouse/sql_subset.py", "warehouse/statement.py",
    ),
    "the demonstration and the simulated market": (
        "cli/demo/deployment.py", "cli/demo/functions.py", "simulation/call_strategies.py", "simulation/crm_api.py",
        "simulation/crm_store.py", "simulation/export.py", "simulation/truth_lookup.py",
    ),
    "the prompt to a language model": ("pipeline/enrichment/answers.py",),
}  # fmt: skip
"""Modules whose refusals are English, by the reason: all others take theirs from the language files."""
WORDLESS = (
    *sorted(path.relative_to(PACKAGE).as_posix() for path in (PACKAGE / "learning").glob("*.py")),
    "pipeline/retrain.py",
    "pipeline/training_manifest.py",
)
"""Modules whose reasons are messages: they write no sentence at all."""
PRINTING = {"print", "echo", "table", "number_of", "working", "show"}
REFUSING = {
    *(name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)),
    "Conflict", "Finding", "Forbidden", "NotFound", "RequestTooLarge", "_refusal", "empty", "of", "refusal",
}  # fmt: skip
"""What refuses, besides everything named …Error; `Problem.of` finds what is wrong with a policy."""
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
        if name_of(call) in REFUSING or (name_of(call).endswith("Error") and name_of(call) != "AssertionError")
        # A finding names its link first.
        for part in (
            *call.args[2 if name_of(call) == "Finding" else 0 :],
            *(keyword.value for keyword in call.keywords if keyword.arg == "remedy"),
        )
    )
    sentences = [(text.lineno, str(text.value)) for part in parts for text in written(part)]
    return [f"{line}: {sentence}" for line, sentence in sentences if " " in sentence.strip()]


@pytest.mark.parametrize("module", PRINTING_FINISHED)
def test_what_a_command_prints_is_in_the_language_files(module: str) -> None:
    assert printed((PACKAGE / module).read_text(encoding="utf-8")) == []


def test_what_is_refused_in_english_is_listed_with_the_reason() -> None:
    english = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if refused(path.read_text(encoding="utf-8"))
    }
    listed = [module for modules in REFUSING_IN_ENGLISH.values() for module in modules]
    assert sorted(english) == sorted(listed)


def sentences_in(source: str) -> list[str]:
    """Texts of at least three words that this source writes itself, besides docstrings and assertions."""
    tree = ast.parse(source)
    passed_over = {
        id(constant)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr | ast.Assert)
        for constant in ast.walk(node)
        if isinstance(node, ast.Assert) or isinstance(getattr(node, "value", None), ast.Constant)
    }
    return [
        f"{node.lineno}: {node.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over
        if " " in node.value.strip() and len(re.findall(r"[A-Za-z]{2,}", node.value)) >= 3
    ]


@pytest.mark.parametrize("module", WORDLESS)
def test_reasons_of_a_training_are_messages(module: str) -> None:
    assert sentences_in((PACKAGE / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('reason = "too few leads for it"', 1),
        ('reason = f"{leads} leads are too few"', 1),
        ('"""A docstring of five words."""\nassert x, "a fault of ours"\nreason = Message("gate.few")', 0),
    ],
)
def test_a_sentence_in_the_code_is_found(source: str, count: int) -> None:
    assert len(sentences_in(source)) == count


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
        'Problem.of(path, "Not so.")',
        'Problem.of(path, "a.b", remedy="Do it.")',
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
        # An error takes the remedy of its message: `Message("cli.a")` asks for the text cli.a.remedy as well.
        if f'"cli.{key.removesuffix(".remedy")}"' not in source
        and not any(f'"{part}"' in source for part in (key, f"cli.{key}", key.removeprefix("column.")))
        and f'"{key.rpartition(".")[0]}.{{' not in source.replace('f"', '"')
        and f'"cli.{key.rpartition(".")[0]}.{{' not in source.replace('f"', '"')
        and f"'{key}'" not in source
    ]
    assert unused == []
    assert all(set(entries(language)) >= {f"cli.{key}" for key in keys} for language in LANGUAGES)


@pytest.mark.parametrize(
    "report",
    [
        DeliverReport, ExtractReport, FieldPlan, FileSummary, ImportReport, IngestReport, RescoreReport,
        SimulationResult, WorkflowReport,
    ],
)  # fmt: skip
def test_every_figure_of_a_report_has_its_name(report: type) -> None:
    names = {field.name for field in fields(report)} - {"new_values", "unscored_reason"}  # a sentence each
    assert {name for name in names if f"cli.field.{name}" not in entries("en")} == set()


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
