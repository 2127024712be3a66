"""`leadwerk privacy`: erase a person, answer what is stored of a person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import moment
from leadwerk.cli.speech import Speech
from leadwerk.pipeline import wiring

if TYPE_CHECKING:
    from leadwerk.pipeline.privacy.access import AccessAnswer
    from leadwerk.pipeline.privacy.erase import ErasurePlaces, Receipt

PersonName = Annotated[
    str,
    typer.Argument(
        metavar="PERSON", help="A lead's id, a visitor's id, an e-mail address or a telephone number (+41 …)."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="Rights of a person: access, erasure, objection.", no_args_is_help=True)
    for name, command in (("erase", erase), ("sweep", sweep), ("show", show), ("object", object_), ("record", record)):
        family.command(name)(command)
    app.add_typer(family, name="privacy", rich_help_panel="Operation")


@shared_options()
def erase(
    call: Invocation,
    person: PersonName,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who orders the erasure.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason, such as the number of the request.")],
) -> None:
    """Erase a person: leads, web behaviour, outcomes, scores, picks, overrides, deliveries, and the next model's rows.

    The receipt names counts and no data. What a source brings again is deleted again; a person who comes back later
    is a new one. Models that may have learned from the person are marked, and the next training replaces them.

    Example: `leadwerk privacy erase anna@example.ch --by Eva --reason "request 17"`
    """
    from leadwerk.pipeline.privacy import erase as stage

    receipt = stage.erase(_erasure_places(call), person, by=by, reason=reason, now=call.deciding_moment())
    if call.prints_json(receipt):
        return
    _show_receipt(receipt, Speech.of_reader(call))


@shared_options()
def sweep(call: Invocation) -> None:
    """Find and delete remains of erased persons and rows that expired, and complete interrupted erasures.

    Example: `leadwerk privacy sweep`
    """
    from leadwerk.pipeline.privacy import erase as stage
    from leadwerk.pipeline.privacy.retention import expire

    stores, now = _erasure_places(call), call.deciding_moment()
    deleted = stage.sweep(stores, now)
    # Where no CRM is coupled, no nightly ingestion lets them expire.
    expired = expire(stores.warehouse, call.deployment.policy, now)
    if call.prints_json({"deleted": deleted, "expired": expired}):
        return
    speech = Speech.of_reader(call)
    for title, counts in (("privacy.deleted_again", deleted), ("privacy.expired", expired)):
        if counts:
            rows = [(place, f"{count:,}") for place, count in counts.items()]
            out.print(table(speech.say(title), speech.columns("place", "rows"), rows))
    if not deleted:
        out.print(speech.say("privacy.nothing_left"))


@shared_options(output_language=True)
def show(
    call: Invocation,
    person: PersonName,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE", help="Write the answer as a page that the person can read (HTML)."),
    ] = None,
) -> None:
    """Show everything that is stored of a person, by table; with --json or --page all of it, for the person.

    Example: `leadwerk privacy show anna@example.ch --page answer.html --output-language fr`
    """
    from leadwerk.pipeline.privacy.access import access
    from leadwerk.pipeline.privacy.answer_page import answer_page

    deployment = call.deployment
    now = call.moment()
    answer = access(deployment.warehouse, deployment.policy, person, secret=deployment.person_key, now=now)
    call.record("access", answer.number)
    if page is not None:
        language = call.language or deployment.policy.languages[0]
        # For the person and who answers them: readable by this account only.
        page.touch(mode=0o600)
        page.write_text(answer_page(answer, deployment.policy, language), "utf-8")
    if call.prints_json(answer):
        return
    _show_answer(answer, Speech.of_reader(call))


@shared_options()
def object_(
    call: Invocation,
    person: PersonName,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who records the objection.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason, such as the number of the request.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The person withdraws the objection.")] = False,
) -> None:
    """Record that a person objects to profiling: their leads are worked without a score and train no model.

    Example: `leadwerk privacy object anna@example.ch --by Eva --reason "request 18"`
    """
    from leadwerk.pipeline import score as scoring
    from leadwerk.pipeline.privacy.objection import Objection, record_objection
    from leadwerk.pipeline.serving.messages import ScoreRequest

    deployment, now = call.deployment, call.deciding_moment()
    objection = Objection(by, reason, is_withdrawn=withdraw)
    leads = record_objection(deployment.warehouse, person, objection, secret=deployment.person_key, now=now)
    run = scoring.ScoringRun(
        deployment.warehouse, deployment.policy, deployment.scorer(), now=now, stored_at=moment(None)
    )
    report = scoring.run(run, [ScoreRequest(lead_id=lead_id) for lead_id in leads])
    if call.prints_json({"leads": leads, "scores": report.scores}):
        return
    speech = Speech.of_reader(call)
    done = speech.number_of(leads, "privacy.withdrawn" if withdraw else "privacy.objected")
    out.print(f"[green]{done}[/green] {speech.say('privacy.tell_crm')}")


@shared_options()
def record(
    call: Invocation,
    language: Annotated[Literal["de", "en"], typer.Option(help="Language of the record.")] = "de",
) -> None:
    """Write the record of processing and a draft of the impact assessment from what is configured, as Markdown.

    Example: `leadwerk privacy record --language en > record.md`
    """
    from leadwerk.pipeline.privacy.record import ErasureTotals, record_of_processing
    from leadwerk.warehouse.statement import statement

    deployment = call.deployment
    champion = deployment.registry.champion()
    [totals] = deployment.warehouse.rows(statement("erasures/totals", ErasureTotals), {})
    text = record_of_processing(
        deployment.settings,
        deployment.policy,
        deployment.registry.manifest(champion.version) if champion else None,
        erasures=totals.erasures,
        language=language,
        now=call.moment(),
    )
    print_json({"markdown": text}) if call.as_json else sys.stdout.write(text)


def _erasure_places(call: Invocation) -> ErasurePlaces:
    return wiring.erasure_places(call.deployment.settings, call.deployment.policy)


def _show_receipt(receipt: Receipt, speech: Speech) -> None:
    if receipt.already_erased:
        day = f"{receipt.erased_at:%Y-%m-%d}"
        out.print(speech.say("privacy.erased_already", erasure=receipt.erasure_id, day=day))
    rows = [(place, f"{count:,}") for place, count in receipt.deleted.items() if count]
    title = speech.say("privacy.receipt", erasure=receipt.erasure_id, count=len(rows), figure=f"{len(rows):,}")
    header = speech.columns("place", "deleted")
    out.print(table(title, header, rows) if rows else speech.say("privacy.nothing_to_delete"))
    if receipt.models:
        out.print(speech.say("privacy.models", models=", ".join(receipt.models)))
    out.print(f"[dim]{speech.say('privacy.remains')}[/dim]")


def _show_answer(answer: AccessAnswer, speech: Speech) -> None:
    rows = [
        (
            part.table,
            f"{len(part.rows):,}",
            _retention(part.retention_days, speech),
            part.description,
        )
        for part in answer.tables
    ]
    counts = {
        "leads": speech.number_of(answer.leads, "leads"),
        "visitors": speech.number_of(answer.visitors, "visitors"),
    }
    header = speech.columns("table", "rows", "kept", "row_meaning")
    out.print(table(speech.say("privacy.stored", **counts), header, rows))
    out.print(f"[dim]{speech.say('privacy.all_values')}[/dim]")


def _retention(days: int | None, speech: Speech) -> str:
    return speech.say("privacy.days", count=days) if days else speech.say("privacy.until_erased")
