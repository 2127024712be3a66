"""What a file holds, for a person or a machine, before anything is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from rich.markup import escape

from leadwerk.cli.console import err, figure, out, print_json, printable, show, table
from leadwerk.errors import InputError
from leadwerk.importing.column_kinds import Column, describe_columns
from leadwerk.importing.lead_values import fields_of
from leadwerk.importing.plan import ImportPlan, column_use
from leadwerk.importing.table import CsvTable

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


def show_columns(content: CsvTable, *, dry_run: bool, as_json: bool) -> None:
    """What a file holds, for a user who has to name its columns yet.

    Raises:
        InputError: it should be imported, but id and outcome are not named.
    """
    if not dry_run:
        raise InputError(
            "The lead-ID column or the outcome column is not specified.",
            field="id, outcome",
            remedy="Give --id COL and --outcome COL; --dry-run shows the columns.",
        )
    columns, fields = describe_columns(content), fields_of(content.columns)

    def use(column: Column) -> str:
        return column_use(column, fields.get(column.name))

    if as_json:
        described = [{**msgspec.to_builtins(column), "role": use(column)} for column in columns]
        print_json({**frame(content), "columns": described})
        return
    _show_table(content, columns, use)


def show_file(plan: ImportPlan) -> None:
    """What a file holds, and what it will become."""
    _show_table(plan.table, plan.columns, plan.use)
    if plan.mapping.time is None:
        out.print("[yellow]No --time:[/yellow] the file's order stands for time, the first row being the oldest.")


def show_counts(counts: ImportCounts, summary: dict[str, object], *, as_json: bool) -> None:
    """What an import would store, without storing it."""
    if as_json:
        print_json({**summary, **msgspec.to_builtins(counts)})
        return
    show(counts, title="Would be imported", as_json=False)
    show_warnings(counts)
    out.print("Nothing was stored: this was a dry run.")


def show_warnings(counts: ImportCounts) -> None:
    """Columns that are mostly unreadable, and columns that seem to know the outcome."""
    for warning in counts.warnings:
        err.print(f"[bold yellow]Mostly unreadable:[/bold yellow] {escape(printable(warning))}")
    for sentence in counts.leaks:
        err.print(f"[bold yellow]Exclude it?[/bold yellow] {escape(printable(sentence))}")


def _show_table(content: CsvTable, columns: Sequence[Column], use: Callable[[Column], str]) -> None:
    rows = [(c.name, c.kind, figure(c.missing), figure(c.distinct), _examples(c), use(c)) for c in columns]
    title = f"{content.path.name}: {content.frame.description}"
    out.print(table(title, ("column", "type", "missing", "distinct", "such as", "use"), rows))
    for sentence in content.renamed:
        out.print(f"[yellow]Renamed:[/yellow] {escape(printable(sentence))}")
    for sentence in _frame_notes(content):
        out.print(f"[yellow]{sentence}[/yellow]")


def _frame_notes(content: CsvTable) -> list[str]:
    frame = content.frame
    notes = {
        f"{frame.lines_above} lines above the titles (line {frame.header_line}) are no leads.": frame.lines_above,
        f"{frame.footer_rows} lines at the end are totals or remarks, no leads.": frame.footer_rows,
        f"{frame.short_rows:,} rows leave out fields at the end: they are empty.": frame.short_rows,
        f"{frame.repeated_headers:,} lines repeat the titles: they are no leads.": frame.repeated_headers,
        f"{len(content.malformed):,} malformed lines are left out and listed in the rejects file.": len(
            content.malformed
        ),
    }
    return [sentence for sentence, times in notes.items() if times]


def _examples(column: Column) -> str:
    return ", ".join(value if len(value) <= 18 else value[:17] + "…" for value in column.examples)
