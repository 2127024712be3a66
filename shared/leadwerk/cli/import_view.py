"""What a file holds, for a person or a machine, before anything is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from leadwerk.cli.console import builtins, err, figure, out, print_json, printable, table
from leadwerk.cli.invocation import Invocation
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.importing.column_kinds import Column, describe_columns
from leadwerk.importing.lead_values import fields_of
from leadwerk.importing.plan import ImportPlan, column_use
from leadwerk.importing.table import CsvTable
from leadwerk.texts.message import Message, in_language

if TYPE_CHECKING:
    from leadwerk.pipeline.import_leads import ImportCounts


def frame(content: CsvTable) -> dict[str, object]:
    """How a table stands in its file, for a machine."""
    frame = content.frame
    return {
        "kind": frame.kind,
        "encoding": frame.encoding.label if frame.encoding else None,
        "delimiter": frame.dialect.delimiter if frame.dialect else None,
        "header_line": frame.header_line,
        "lines_above": frame.lines_above,
        "footer_rows": frame.footer_rows,
        "short_rows": frame.short_rows,
    }


def show_columns(content: CsvTable, speech: Speech, *, dry_run: bool, as_json: bool) -> None:
    """What a file holds, for a user who has to name its columns yet.

    Raises:
        InputError: it should be imported, but id and outcome are not named.
    """
    if not dry_run:
        raise InputError(Message("cli.import.unnamed"), field="id, outcome")
    columns, fields = describe_columns(content), fields_of(content.columns)

    def use(column: Column) -> Message:
        return column_use(column, fields.get(column.name))

    if as_json:
        described = [{**builtins(column), "role": str(use(column))} for column in columns]
        print_json({**frame(content), "columns": described})
        return
    _show_table(content, columns, use, speech)


def show_file(plan: ImportPlan, speech: Speech) -> None:
    """What a file holds, and what it will become."""
    _show_table(plan.table, plan.columns, plan.use, speech)
    if plan.mapping.time is None:
        out.print(f"[yellow]{speech.say('import.no_time')}[/yellow] {speech.say('import.no_time.text')}")


def show_counts(call: Invocation, counts: ImportCounts, summary: dict[str, object]) -> None:
    """What an import would store, without storing it."""
    if call.prints_json({**summary, **builtins(counts)}):
        return
    speech = Speech.of_reader(call)
    show(call, counts, "import.would")
    show_warnings(counts, speech)
    out.print(speech.say("import.dry_run"))


def show_warnings(counts: ImportCounts, speech: Speech) -> None:
    """Columns that are mostly unreadable, and columns that seem to know the outcome."""
    for warning in counts.warnings:
        sentence = escape(printable(in_language(warning, speech.language)))
        err.print(f"[bold yellow]{speech.say('import.unreadable')}[/bold yellow] {sentence}")
    for sentence in counts.leaks:
        err.print(f"[bold yellow]{speech.say('import.exclude')}[/bold yellow] {escape(printable(sentence))}")


def _show_table(content: CsvTable, columns: Sequence[Column], use: Callable[[Column], Message], speech: Speech) -> None:
    rows = [
        (c.name, speech.say(f"kind.{c.kind}"), figure(c.missing), figure(c.distinct), _examples(c),
         in_language(use(c), speech.language))
        for c in columns
    ]  # fmt: skip
    title = f"{content.path.name}: {in_language(content.frame.description, speech.language)}"
    out.print(table(title, speech.columns("column", "type", "missing", "distinct", "such_as", "use"), rows))
    for change in content.renamed:
        sentence = escape(printable(in_language(change, speech.language)))
        out.print(f"[yellow]{speech.say('import.renamed')}[/yellow] {sentence}")
    for sentence in _frame_notes(content, speech):
        out.print(f"[yellow]{sentence}[/yellow]")


def _frame_notes(content: CsvTable, speech: Speech) -> list[str]:
    frame = content.frame
    counts = {
        "above": frame.lines_above,
        "footer": frame.footer_rows,
        "short": frame.short_rows,
        "repeated": frame.repeated_headers,
        "malformed": len(content.malformed),
    }
    return [
        speech.say(f"import.frame.{name}", count=count, figure=f"{count:,}", line=frame.header_line)
        for name, count in counts.items()
        if count
    ]


def _examples(column: Column) -> str:
    return ", ".join(value if len(value) <= 18 else value[:17] + "…" for value in column.examples)
