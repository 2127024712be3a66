"""`leadwerk touchpoints`: a list of contacts that were not on the web site, such as a fair's visitors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import DayOrMonthFirst, Delimiter, Encoding
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.texts.message import Message, in_language

if TYPE_CHECKING:
    from leadwerk.lead.timestamps import DateOrder
    from leadwerk.pipeline.touchpoints import TouchpointReport


TimeColumn = Annotated[str | None, typer.Option("--time", metavar="COL", help="Column with the moment of each row.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    for command in (touchpoints, calculator):
        app.command(rich_help_panel="Stages")(command)


@shared_options()
def touchpoints(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="CSV or workbook: lead_id, email or phone; kind; occurred_at.")],
    kind: Annotated[str | None, typer.Option(help="Kind of all rows, such as event, email_open or call.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Moment of all rows.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    time: TimeColumn = None,
    date_order: DayOrMonthFirst = None,
) -> None:
    """Store touchpoints of leads from a file: the visitors of a trade fair, e-mail opens and clicks, calls.

    A row names its lead by id, or by the e-mail address or telephone number that the lead gave; neither is stored. The
    same file twice changes nothing.

    Example: `leadwerk touchpoints fair.csv --kind event --at 2026-03-12`
    """
    common = {name: value for name, value in (("kind", kind), ("occurred_at", at)) if value is not None}
    _store(call, file, (encoding, delimiter), common, (time, date_order))


@shared_options()
def calculator(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="CSV or workbook: lead_id, email or phone; occurred_at; the amounts.")],
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    time: TimeColumn = None,
    date_order: DayOrMonthFirst = None,
) -> None:
    """Store the log of a calculator: loan amount, property value, income and instalment of each use.

    They feed the same features as a form and GA4's events, such as the loan-to-value, from their own moment on. Instead
    of the instalment a row may name the terms: interest_percent and term_years. The same file twice changes nothing.

    Example: `leadwerk calculator calculator-log.csv`
    """
    from leadwerk.pipeline.touchpoint_reader import CALCULATOR

    _store(call, file, (encoding, delimiter), {"kind": CALCULATOR}, (time, date_order))


def _store(
    call: Invocation,
    file: Path,
    form: tuple[str | None, str | None],
    common: Mapping[str, str],
    times: tuple[str | None, DateOrder | None],
) -> None:
    """Store a file's rows as touchpoints that have the fields `common`.

    `form` is the file's encoding and delimiter, `times` the column of moments and whether days or months come first.
    """
    from leadwerk.importing.table import ReadOptions, read_table
    from leadwerk.pipeline import touchpoints as stage
    from leadwerk.pipeline.touchpoint_file import touchpoint_records

    deployment = call.deployment
    column, order = times
    rows = read_table(file, ReadOptions(*form))
    records = touchpoint_records(rows, common, deployment.policy.time_zone, time=column, order=order)
    report = stage.run(
        deployment.warehouse, deployment.policy, records, now=call.storing_moment(), person_key=deployment.person_key
    )
    print_json(report) if call.as_json else _show(report, Speech.of_reader(call))
    if report.refused and not report.stored + report.already_stored:
        first = report.refused[0]
        raise InputError(Message("cli.touchpoints.none"), field=first.field, remedy=first.remedy)


def _show(report: TouchpointReport, speech: Speech) -> None:
    counts = {"stored": report.stored, "before": report.already_stored, "refused": len(report.refused)}
    out.print(speech.say("touchpoints.stored", **{name: f"{count:,}" for name, count in counts.items()}))
    if report.scans:
        out.print(speech.say("touchpoints.scans", figure=f"{report.scans:,}"))
    for kind in report.kinds_without_signal:
        out.print(speech.say("touchpoints.no_signal", kind=kind), markup=False)
    if report.refused:
        reasons = Counter((refusal.reason, refusal.remedy) for refusal in report.refused)
        first = {(refusal.reason, refusal.remedy): refusal.index + 1 for refusal in reversed(report.refused)}
        lines = [
            (f"{count:,}", str(first[pair]), *(in_language(part, speech.language) for part in pair))
            for pair, count in reasons.most_common()
        ]
        header = speech.columns("rows", "first", "why", "what_to_do")
        out.print(table(speech.say("touchpoints.refused"), header, lines))
