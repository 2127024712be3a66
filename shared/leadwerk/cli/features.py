"""The features of leads and web visitors, as models and rules see them, for any days."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadwerk.cli.console import figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import day
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.pipeline.leads.read_features import LeadFeatures

MOST_COLUMNS = 8
"""Rows that fit side by side on a screen."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Sellers")(features)


@shared_options()
def features(
    call: Invocation,
    lead_id: Annotated[str | None, typer.Argument(help="A lead id.")] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="A web visitor, by GA4 client id.")] = None,
    all_leads: Annotated[bool, typer.Option("--all", help="All leads.")] = False,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, such as 2026-01-31.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day (default: today).")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="OUT", help="File to write.")] = None,
) -> None:
    """Show the features of a lead, a web visitor or all leads: now, or as of the end of each day of a range.

    They come from the query that training and scoring share, from what was known strictly before each moment.

    Examples: `leadwerk features 102938` · `leadwerk features --client-id 1234567890.1700000000 --from 2026-03-01` ·
    `leadwerk features --all --from 2026-03-31 --to 2026-03-31 --csv features.csv`
    """
    from leadwerk.lead.identity import parse_visitor
    from leadwerk.pipeline.leads.feature_history import FeatureSubjects, feature_history, moments

    if [lead_id is not None, client_id is not None, all_leads].count(True) != 1:
        raise InputError(Message("cli.features.unclear"), field="lead_id")
    subjects = FeatureSubjects(
        lead_ids=[lead_id] if lead_id is not None else [],
        visitor_ids=[parse_visitor(client_id)] if client_id is not None else [],
        all_leads=all_leads,
    )
    deployment, speech = call.deployment, Speech.of_reader(call)
    as_of = moments(deployment.policy, day(first, "from"), day(last, "to"), call.moment())
    rows = feature_history(deployment.warehouse, deployment.policy, subjects, as_of)
    if csv_file is not None:
        with working(speech, "features.reading", as_json=call.as_json):
            count = _write(csv_file, rows)
        print_json({"file": str(csv_file), "rows": count}) if call.as_json else out.print(
            speech.say("features.written", file=csv_file, rows=f"{count:,}")
        )
        return
    print_json([row.values for row in rows]) if call.as_json else _show([*islice(rows, MOST_COLUMNS + 1)], speech)


def _show(rows: Sequence[LeadFeatures], speech: Speech) -> None:
    """One column per row, one line per feature that any of them has."""
    if len(rows) > MOST_COLUMNS:
        message = Message("cli.features.many", most=MOST_COLUMNS)
        raise InputError(message, field="csv", remedy=Message("cli.features.many.remedy"))
    if not rows:
        out.print(speech.say("features.none"))
        return
    header = ("", *(f"{row.lead_id}\n{row.as_of:%Y-%m-%d %H:%M}" for row in rows))
    names = [name for name in rows[0].values if name not in ("lead_id", "as_of")]
    values = ((name, [row.values[name] for row in rows]) for name in names)
    lines = [(name, *("" if value is None else figure(value) for value in of_rows)) for name, of_rows in values]
    out.print(table(speech.say("features.title"), header, [line for line in lines if any(line[1:])]))


def _write(path: Path, rows: Iterable[LeadFeatures]) -> int:
    """Write rows as CSV; a run that fails leaves no half a file."""
    aside = path.with_name(f"{path.name}.part")
    try:
        with aside.open("w", encoding="utf-8-sig", newline="") as file:
            count = _write_rows(csv.writer(file), iter(rows))
        # Renamed at the end: a reader sees the old file or the whole new one.
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return count


def _write_rows(writer: Any, rows: Iterator[LeadFeatures]) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):
        if count == 1:
            writer.writerow(row.values)
        writer.writerow([_cell(value) for value in row.values.values()])
    return count


def _cell(value: Any) -> Any:
    """A value as a spreadsheet shows it, and never runs it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    # With an apostrophe in front a spreadsheet takes a cell for text.
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
