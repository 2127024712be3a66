"""`leadwerk audit`: who did what, when and why; and the proof that nothing was taken out."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import moment
from leadwerk.cli.speech import Speech

if TYPE_CHECKING:
    from leadwerk.pipeline.audit.trail import AuditEntry

COLUMNS = ("occurred_at", "actor", "action", "object", "before", "after", "reason", "source")
MOST_SHOWN = 200


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="Who changed what, when and why.", no_args_is_help=True)
    for name, command in (("list", list_entries), ("fields", fields), ("seal", seal), ("verify", verify)):
        family.command(name)(command)
    app.add_typer(family, name="audit", rich_help_panel="Operation")


@shared_options()
def list_entries(
    call: Invocation,
    lead: Annotated[str | None, typer.Option(metavar="ID", help="Only entries of this lead.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Only entries by this person.")] = None,
    action: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only actions with this beginning: override, delivery, erasure, …"),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this moment on (RFC 3339).")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all entries as CSV.")] = False,
) -> None:
    """List the acts on rules, thresholds, models, leads, scores, picks, overrides and deliveries, the oldest first.

    Example: `leadwerk audit list --lead 102938`
    """
    from leadwerk.pipeline.audit.trail import THE_BEGINNING, AuditFilter, read_trail

    first = moment(since, "since") if since else THE_BEGINNING
    filters = AuditFilter(until=call.moment(), since=first, lead_ids=(lead,) if lead else (), actor=by, action=action)
    entries = read_trail(call.deployment.warehouse, filters)
    if call.as_json:
        print_json(entries)
    elif as_csv:
        _print_csv(entries)
    else:
        _show(entries, Speech.of_reader(call))


@shared_options()
def fields(call: Invocation, lead: Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id.")]) -> None:
    """List each change of a lead's fields: from which value to which, when, and from which source.

    Example: `leadwerk audit fields 102938`
    """
    from leadwerk.pipeline.audit.field_changes import field_changes

    changes = field_changes(call.deployment.warehouse, lead)
    if call.prints_json(changes):
        return
    rows = [
        (f"{change.recorded_at:%Y-%m-%d %H:%M}", change.field, change.before or "", change.after or "", change.source)
        for change in changes
    ]
    speech = Speech.of_reader(call)
    title = speech.say("audit.changes", lead=lead, count=len(changes), figure=f"{len(changes):,}")
    out.print(table(title, speech.columns("when_utc", "field", "before", "after", "source"), rows))


@shared_options()
def seal(call: Invocation) -> None:
    """Seal the entries that no seal holds yet; the nightly ingest does the same in the cloud.

    Example: `leadwerk audit seal`
    """
    from leadwerk.pipeline.audit.seal import seal as stage

    deployment = call.deployment
    count = stage(deployment.warehouse, deployment.person_key, call.deciding_moment())
    if call.prints_json({"sealed": count}):
        return
    out.print(Speech.of_reader(call).say("audit.sealed", count=count, figure=f"{count:,}"))


@shared_options()
def verify(call: Invocation) -> None:
    """Prove that every sealed entry is there, was erased by order, or expired; exit code 2 if one is not.

    Example: `leadwerk audit verify`
    """
    from leadwerk.pipeline.audit.seal import verify as stage

    deployment = call.deployment
    findings = stage(deployment.warehouse, deployment.policy, deployment.person_key, call.moment())
    speech = Speech.of_reader(call)
    if call.as_json:
        print_json(findings)
    elif not findings:
        out.print(f"[green]{speech.say('audit.verified')}[/green]")
    else:
        rows = [
            (str(f.sequence), f.source, f"{f.first_at:%Y-%m-%d}", f"{f.last_at:%Y-%m-%d}", f"{f.entries:,}", f.problem)
            for f in findings
        ]
        header = speech.columns("seal", "table", "from", "to", "entries", "problem")
        out.print(table(speech.say("audit.gaps"), header, rows))
    if findings:
        raise typer.Exit(EXIT_ERROR)


def _print_csv(entries: list[AuditEntry]) -> None:
    from leadwerk.importing.written_file import harmless

    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(str(getattr(entry, column) or "")) for column in COLUMNS] for entry in entries)


def _show(entries: list[AuditEntry], speech: Speech) -> None:
    header = speech.columns("when_utc", "who", "did", "to_what", "after", "why")
    out.print(table(speech.number_of(entries, "audit.acts"), header, map(_row, entries[-MOST_SHOWN:])))
    if len(entries) > MOST_SHOWN:
        newest = speech.say("audit.newest", shown=MOST_SHOWN, total=f"{len(entries):,}")
        out.print(f"[dim]{newest}[/dim]")


def _row(entry: AuditEntry) -> tuple[str, ...]:
    texts = (entry.actor or "Leadwerk", entry.action, entry.object, entry.after, entry.reason)
    return (f"{entry.occurred_at:%Y-%m-%d %H:%M}", *(text or "" for text in texts))
