"""Stages by hand: extract, ingest, retrain, rescore, report. Each can be run again at any time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.markup import escape

from leadwerk.cli.console import err, figure, label, out, print_json, printable, table
from leadwerk.cli.exit_codes import EXIT_LEAK, EXIT_NO_SIGNAL
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import day, moment
from leadwerk.cli.progress_bar import working
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.learning.leak_texts import finding_text, remedy_text
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.texts.message import Message, in_language

if TYPE_CHECKING:
    from leadwerk.pipeline.retrain import RetrainReport
    from leadwerk.registry.manifest import TriedSegment

SHOWN_OF_SEGMENTS = (
    "segment",
    "own_model",
    "landmarks",
    "auc_own",
    "auc_general",
    "log_loss_own",
    "log_loss_general",
    "why",
)
SHOWN_METRICS = ("auc", "pr_auc", "lift_at_10", "ece", "log_loss", "precision", "recall")


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    panel = "Stages"
    for command in (extract, ingest, retrain, rescore, report):
        app.command(rich_help_panel=panel)(command)


@shared_options()
def extract(
    call: Invocation,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day to rebuild.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day to rebuild.")] = None,
) -> None:
    """Read the GA4 export into activity: the days that may have changed, or those named.

    Example: `leadwerk extract --from 2026-01-01 --to 2026-01-31`
    """
    from leadwerk.pipeline import extract as stage
    from leadwerk.pipeline.extract_messages import RequestedDays

    deployment = call.deployment
    with working(Speech.of_reader(call), "extract.running", as_json=call.as_json) as progress:
        result = stage.run(
            deployment.warehouse,
            deployment.policy,
            now=call.storing_moment(),
            requested=RequestedDays(day(first, "from"), day(last, "to")),
            person_key=deployment.person_key,
            progress=progress,
        )
    show(call, result, "extract.done")


@shared_options()
def ingest(
    call: Invocation,
    from_start: Annotated[bool, typer.Option("--from-start", help="Read every case again.")] = False,
) -> None:
    """Read the CRM's changes since the last run: leads, touchpoints and outcomes.

    Example: `leadwerk ingest --json`
    """
    from leadwerk.pipeline import ingest as stage
    from leadwerk.pipeline.privacy import upkeep

    deployment = call.deployment
    with working(Speech.of_reader(call), "ingest.running", as_json=call.as_json):
        crm, key = deployment.crm, deployment.person_key
        result = stage.run(
            deployment.warehouse,
            deployment.policy,
            crm,
            now=call.storing_moment(),
            person_key=key,
            options=stage.IngestOptions(from_start),
        )
        # With each ingestion, which runs nightly: expired rows leave, and new entries of the trail are sealed.
        upkeep.run(deployment.warehouse, deployment.policy, secret=key, now=call.storing_moment())
    show(call, result, "ingest.done")


@shared_options(output_language=True)
def retrain(
    call: Invocation,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="FIELD", help="Field not to learn from, now and later; repeatable."),
    ] = None,
    keep_suspect: Annotated[
        list[str] | None,
        typer.Option(
            "--keep-suspect", metavar="FIELD", help="Field to learn from in spite of the suspicion; repeatable."
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason; stored with the decision.")] = "",
) -> None:
    """Train on all mature outcomes; the new model becomes champion only if it is the best.

    Exit codes: 3 where the leads tell nothing usable and no model serves; 4 where a field may know the outcome: leave
    it out, or keep it for a reason.

    Examples: `leadwerk retrain` · `leadwerk retrain --exclude Tags` ·
    `leadwerk retrain --keep-suspect Budget --reason "stated in the form"`
    """
    from leadwerk.pipeline import retrain as stage
    from leadwerk.pipeline.leak_gate import FieldChoices

    deployment = call.deployment
    choices = FieldChoices(exclude or (), keep_suspect or (), reason)
    with working(Speech.of_reader(call), "retrain.running", as_json=call.as_json) as progress:
        result = stage.run(
            deployment.warehouse,
            deployment.policy,
            deployment.registry,
            now=call.storing_moment(),
            options=stage.RetrainOptions(choices),
            progress=progress,
        )
    if call.as_json:
        print_json(result)
    else:
        _show_training(result, Speech.of_reader(call))
        show_leaks(result.leaks, call.reader_language)
    if code := _exit_code(result):
        raise typer.Exit(code)


def _exit_code(result: RetrainReport) -> int:
    if result.verdict == "leak":
        return EXIT_LEAK
    return EXIT_NO_SIGNAL if result.verdict == "no_signal" and result.champion_after is None else 0


def _show_training(result: RetrainReport, speech: Speech) -> None:
    """The decision in words, and the candidates' main figures out of time."""
    not_promoted = f"[yellow]{speech.say('retrain.not_promoted')}[/yellow]"
    verdict = f"[green]{speech.say('retrain.promoted')}[/green]" if result.promoted else not_promoted
    if result.stood_down:
        demotion = speech.say("retrain.stood_down", version=result.champion_before)
        verdict = f"[red]{demotion}[/red]; {not_promoted}"
    version = f" {result.model_version}" if result.model_version else ""
    out.print(f"{verdict}{version}: {escape(in_language(result.reason, speech.language))}")
    rows = [
        (name.replace("_", " "), *(figure(evaluation.metric(metric).value) for metric in SHOWN_METRICS))
        for name, evaluation in result.metrics.items()
    ]
    if rows:
        out.print(table(speech.say("retrain.out_of_time"), ("", *(label(metric) for metric in SHOWN_METRICS)), rows))
    if result.segments:
        header, trials = speech.columns(*SHOWN_OF_SEGMENTS), [_trial(trial, speech) for trial in result.segments]
        out.print(table(speech.say("retrain.segments"), header, trials))


def _trial(trial: TriedSegment, speech: Speech) -> tuple[str, ...]:
    return (
        trial.name,
        figure(trial.serves, speech.language),
        figure(trial.test_rows),
        *map(figure, trial.compared()),
        in_language(trial.why(), speech.language),
    )


@shared_options()
def rescore(
    call: Invocation,
    only_closed: Annotated[
        bool, typer.Option("--only-closed", help="Only closed leads, after a rescoring in SQL.")
    ] = False,
    as_sql: Annotated[bool, typer.Option("--as-sql", help="Print SQL that rescores in BigQuery; run nothing.")] = False,
) -> None:
    """Score all open leads again, and closed ones that a CRM update moved to another stage; stores only what changed.

    Example: `leadwerk rescore`
    """
    from leadwerk.pipeline import rescore as stage
    from leadwerk.pipeline.bulk.bulk_rescore import rescore_script

    # Printing SQL stores nothing, so any moment may stand in it.
    deployment, at = call.deployment, call.moment() if as_sql else call.storing_moment()
    if as_sql:
        if only_closed:
            raise InputError(Message("cli.rescore.exclusive"), field="only-closed")
        typer.echo(rescore_script(deployment.policy, now=at, stored_at=at), nl=False)
        return
    with working(Speech.of_reader(call), "rescore.running", as_json=call.as_json) as progress:
        work = (deployment.warehouse, deployment.policy, deployment.scorer())
        options = stage.RescoreOptions(only_closed, progress)
        result = stage.run(*work, now=at, stored_at=moment(None), options=options)
    show(call, result, "rescore.done")


@shared_options(output_language=True)
def report(
    call: Invocation,
    output: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write.")] = None,
) -> None:
    """Write the report: one HTML page that needs nothing but a browser.

    Example: `leadwerk report --out report.html --output-language en`
    """
    from leadwerk.pipeline import report as stage
    from leadwerk.registry import open_store

    deployment = call.deployment
    folder = str(output.parent) if output else deployment.settings.reports
    name = output.name if output else stage.NEWEST
    with working(Speech.of_reader(call), "report.running", as_json=call.as_json):
        written = stage.run(
            deployment.warehouse,
            deployment.policy,
            deployment.registry,
            open_store(folder, deployment.settings.storage_url),
            stage.ReportRequest(now=call.storing_moment(), language=call.language, name=name),
        )
    if call.prints_json({**msgspec.to_builtins(written), "folder": folder}):
        return
    place = f"[bold]{folder.rstrip('/')}/{name}[/bold]"
    out.print(Speech.of_reader(call).say("report.done", place=place))


def show_leaks(findings: Sequence[LeakFinding], language: str) -> None:
    """Print each finding with its remedy: those that stop in red, suspects in yellow."""
    for finding in findings:
        colour = "red" if finding.stops else "yellow"
        err.print(f"[{colour}]{escape(printable(finding_text(finding, language)))}[/{colour}]")
        if finding.kept_because is None:
            err.print(f"  {escape(printable(remedy_text(finding, language)))}", style="dim")
