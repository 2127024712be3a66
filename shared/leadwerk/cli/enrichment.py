"""`leadwerk enrich`: missing facts of companies, from a registry or a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from leadwerk.cli.console import out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech
from leadwerk.errors import ConfigurationError
from leadwerk.pipeline import wiring
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.pipeline.enrichment.stage import EnrichReport


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Stages")(enrich)


@shared_options()
def enrich(
    call: Invocation,
    companies: Annotated[
        list[str] | None, typer.Option("--company", metavar="ID", help="Only this company; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=0, help="Questions at most.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show each question, and ask none.")] = False,
) -> None:
    """Ask the policy's providers for missing facts of companies, within the day's budget.

    Only the company's domain, name and UID are sent. What people and the CRM entered always stands above an answer.

    Example: `leadwerk enrich --dry-run`
    """
    from leadwerk.pipeline.enrichment import stage
    from leadwerk.pipeline.enrichment.providers import connect

    deployment = call.deployment
    if not deployment.policy.enrichment.providers:
        raise ConfigurationError(Message("refusal.enrichment.off"))
    options = stage.EnrichOptions(tuple(companies or ()), limit, dry_run)
    with (
        wiring.lease(deployment.settings, "enrich"),
        working(Speech.of_reader(call), "enrich.running", as_json=call.as_json) as progress,
    ):
        providers = connect(deployment.settings, deployment.policy)
        now = call.moment() if dry_run else call.storing_moment()
        result = stage.run(
            deployment.warehouse, deployment.policy, providers, now=now, options=options, progress=progress
        )
    if dry_run:
        _show_plan(call, result)
    else:
        show(call, result, "enrich.done")


def _show_plan(call: Invocation, result: EnrichReport) -> None:
    if call.prints_json(result):
        return
    speech = Speech.of_reader(call)
    rows = [
        (
            escape(question.account_id),
            question.provider,
            escape(", ".join(part for part in (question.domain, question.name, question.uid) if part)),
            ", ".join(question.facts),
        )
        for question in result.planned
    ]
    header = speech.columns("account", "provider", "sent", "facts")
    out.print(table(speech.say("enrich.plan", count=len(rows), unidentified=result.unidentified), header, rows))
