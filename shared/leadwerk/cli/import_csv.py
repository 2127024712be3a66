"""Bring a file of leads and start: its columns become the policy, its rows leads and outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from leadwerk.catalogue.languages import Language
from leadwerk.cli.console import builtins, err, out
from leadwerk.cli.import_view import frame, show_columns, show_counts, show_file, show_warnings
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import DayOrMonthFirst, Delimiter, Encoding
from leadwerk.cli.progress_bar import working
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import StatedColumns
from leadwerk.importing.plan import ImportPlan, StatedFormats, plan_import
from leadwerk.importing.starting_rules import SMALL_FILE
from leadwerk.importing.table import ReadOptions, read_table
from leadwerk.pipeline.import_home import POLICY_FILE, columns_left, prepared_files, refuse_overwriting, rejects_path
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.pipeline.import_leads import ImportReport, PreparedImport

_NO_PERSON = "dry run"  # a key for hashes that are not stored
Columns = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("import", rich_help_panel="Start here")(import_)


@shared_options()
def import_(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="A CSV, Excel, Parquet or JSON file with one lead a row.")],
    id: Annotated[
        str | None, typer.Option("--id", metavar="COL", help="Lead-ID column; `row`: the row number.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="COL", help="Column with each lead's outcome.")
    ] = None,
    positive: Annotated[
        str | None,
        typer.Option("--positive", metavar="VALUE", help="Value of the outcome for a success, if not yes, 1, won …"),
    ] = None,
    open: Annotated[
        Columns, typer.Option("--open", metavar="VALUE", help="Value of the outcome for an undecided lead; repeatable.")
    ] = None,
    lost: Annotated[
        Columns,
        typer.Option("--lost", metavar="COL=VALUE", help="Which leads are lost; all others are open; repeatable."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="COL", help="Creation time of the lead; else the file's order counts."),
    ] = None,
    exclude: Annotated[
        Columns, typer.Option("--exclude", metavar="COL", help="Column not to learn from; repeatable.")
    ] = None,
    include: Annotated[
        Columns,
        typer.Option(
            "--include", metavar="COL", help="Column to learn from although its title names persons; repeatable."
        ),
    ] = None,
    date_order: DayOrMonthFirst = None,
    decimal: Annotated[Literal[".", ","] | None, typer.Option("--decimal", help="Decimal mark of numbers.")] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", metavar="NAME", help="Time zone, such as Europe/Zurich.")
    ] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header_row: Annotated[int | None, typer.Option("--header-row", min=1, help="Line with the column titles.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook.")] = None,
    accept_rejects: Annotated[
        bool, typer.Option("--accept-rejects", help="Import although more than a fifth of the rows cannot be used.")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(help="Language of the reasons: de, fr, it or en (default: --output-language, else en)."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the content of the file and import nothing.")
    ] = False,
    keep_policy: Annotated[
        bool, typer.Option("--keep-policy", help="Read the file under the policy in force, and write none.")
    ] = False,
    replace_policy: Annotated[
        bool,
        typer.Option(
            "--replace-policy",
            help="Replace the policy even if a person edited it, or the file lacks most of its columns.",
        ),
    ] = False,
) -> None:
    """Import leads with their outcomes from a file of any kind, and write the policy that fits it.

    The file is read first; formats are decided for whole columns, shown, and can be overruled. Where nothing decides,
    the command asks and changes nothing. A later file replaces what an earlier one stated of the same leads. Exclude
    columns that were filled in when the outcome was already near: they are not known when a lead is scored.

    Example: `leadwerk import leads.csv --id "Lead Number" --outcome Converted --exclude Tags`, then `leadwerk retrain`,
    then `leadwerk score --csv new.csv --out scored.csv`
    """
    languages = _languages(language or (call.language or "en"))
    speech = Speech.of_reader(call)
    with working(speech, "import.reading", file=file.name, as_json=call.as_json):
        content = read_table(file, ReadOptions(encoding, delimiter, header_row, sheet))
    # Nobody knows the columns by heart: without them the command shows the file and asks.
    if id is None or outcome is None:
        show_columns(content, speech, dry_run=dry_run, as_json=call.as_json)
        return
    deployment = call.deployment
    home = deployment.settings.home
    own_policy = deployment.policy if keep_policy else None
    stated = StatedColumns(
        id=id,
        outcome=outcome,
        positive=positive,
        open=open or (),
        lost=lost or (),
        time=time,
        zone=_zone(zone) or (own_policy.time_zone if own_policy else "UTC"),
        exclude=exclude or (),
        include=include or (),
    )
    with working(speech, "import.understanding", file=file.name, as_json=call.as_json):
        plan = plan_import(content, stated, StatedFormats(decimal, date_order), languages, own_policy)
    if not call.as_json:
        show_file(plan, speech)
    if dry_run:
        with working(speech, "import.checking", as_json=call.as_json):
            prepared = _prepared(plan, home, lambda: _NO_PERSON, call.moment(), accept_rejects=accept_rejects)
        show_counts(call, prepared.counts, _summary(plan))
        return
    refuse_overwriting(plan, home, replace=replace_policy)
    now = call.storing_moment()
    with working(speech, "import.checking", as_json=call.as_json):
        prepared = _prepared(plan, home, lambda: deployment.person_key, now, accept_rejects=accept_rejects)
    _store(call, plan, prepared)
    call.record("import", file.name)


def _prepared(
    plan: ImportPlan, home: Path, person_key: Callable[[], str], now: datetime, *, accept_rejects: bool
) -> PreparedImport:
    from leadwerk.pipeline import import_leads as stage

    choices = stage.ImportChoices(person_key, accept_rejects, keep_rare_levels=plan.own_policy is not None)
    prepared = stage.prepare(plan.policy, plan.table, plan.mapping, choices, now=now)
    counts = replace(prepared.counts, warnings=(*prepared.counts.warnings, *columns_left(plan, home)))
    return replace(prepared, counts=counts)


def _zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (KeyError, ValueError, OSError) as error:
        raise InputError(Message("import.zone", zone=name), field="zone", value=name) from error


def _store(call: Invocation, plan: ImportPlan, prepared: PreparedImport) -> None:
    """Store rows, policy and mapping: the files are written aside, and take their places when the rows are ready."""
    from leadwerk.pipeline import import_leads as stage

    speech, folder = Speech.of_reader(call), call.deployment.settings.home
    storing = working(speech, "import.storing", as_json=call.as_json)
    with prepared_files(plan, folder) as commit, storing as progress:
        report = stage.run(
            call.deployment.warehouse,
            prepared,
            rejects_to=rejects_path(plan, folder),
            commit=commit,
            progress=progress,
        )
    if call.prints_json({**_summary(plan), **builtins(report)}):
        return
    err.print(speech.say("import.policy", path=folder / POLICY_FILE))
    show(call, report, "import.imported")
    show_warnings(report, speech)
    if plan.own_policy is None and report.converted + report.lost <= SMALL_FILE:
        _show_starting_rules(plan, report, speech)
    commands = {"retrain": "leadwerk retrain", "score": "leadwerk score --csv IN --out OUT"}
    bold = {name: f"[bold]{command}[/bold]" for name, command in commands.items()}
    out.print(speech.say("import.next", **bold))


def _show_starting_rules(plan: ImportPlan, report: ImportReport, speech: Speech) -> None:
    """By what a small file's leads are scored until there is a model, and how little that may be."""
    rules, leads = plan.starting_rules, {"won": report.converted, "decided": report.converted + report.lost}
    if not rules:
        out.print(speech.say("import.starting_rules.none", file=POLICY_FILE, **leads))
    elif rules[0].is_guess:
        out.print(speech.say("import.starting_rules.guess", count=len(rules), file=POLICY_FILE, **leads))
    else:
        out.print(speech.say("import.starting_rules", count=len(rules), file=POLICY_FILE))


def _summary(plan: ImportPlan) -> dict[str, object]:
    """What the file holds, for a machine."""
    return {
        **frame(plan.table),
        "columns": [{**builtins(column), "role": str(plan.use(column))} for column in plan.columns],
        "mapping": builtins(plan.mapping),
    }


def _languages(first: str) -> tuple[Language, ...]:
    languages: tuple[Language, ...] = ("en", "de", "fr", "it")
    if first not in languages:
        raise InputError(Message("cli.language", name=first), field="language", value=first)
    return tuple(sorted(languages, key=lambda language: language != first))
