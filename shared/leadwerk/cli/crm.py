"""`leadwerk deliver` and `leadwerk crm`: scores on their way into the CRM, and checks of the CRM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from leadwerk.cli.console import figure, out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech
from leadwerk.errors import CRMRejected, InputError
from leadwerk.pipeline import wiring
from leadwerk.texts.message import Message, in_language

if TYPE_CHECKING:
    from leadwerk.cli.options import Deployment
    from leadwerk.crm.exchange_log import Exchange
    from leadwerk.crm.port import Check
    from leadwerk.pipeline.delivery_preview import DeliveryPreview


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Stages")(deliver)
    family = typer.Typer(help="The coupled CRM: its fields, its access, and what it refused.", no_args_is_help=True)
    for name, command in (("check", check), ("fields", fields), ("dead-letters", dead_letters)):
        family.command(name)(command)
    app.add_typer(family, name="crm", rich_help_panel="Tools")


@dataclass(frozen=True)
class DeliveryScope:
    """What a delivery takes besides the scores that are due."""

    lead_id: str | None
    retry_dead_letters: bool
    code: str | None


@shared_options()
def deliver(
    call: Invocation,
    retry_dead_letters: Annotated[
        bool, typer.Option("--retry-dead-letters", help="Also send what the CRM had refused.")
    ] = False,
    code: Annotated[str | None, typer.Option("--code", help="Only dead letters with this code.")] = None,
    lead: Annotated[str | None, typer.Option("--lead", metavar="ID", help="Only this lead.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; send nothing.")] = False,
    show_exchange: Annotated[
        bool, typer.Option("--show", help="With --lead: the request, secrets masked, and the CRM's answer.")
    ] = False,
) -> None:
    """Send pending scores to the CRM; a failed attempt is repeated later, or becomes a dead letter with its reason.

    Example: `leadwerk deliver --dry-run`
    """
    if show_exchange and (lead is None or dry_run):
        raise InputError(Message("cli.deliver.show"), field="show")
    if dry_run:
        _preview(call, lead)
    else:
        _deliver(call, DeliveryScope(lead, retry_dead_letters, code), show_exchange=show_exchange)


def _deliver(call: Invocation, scope: DeliveryScope, *, show_exchange: bool) -> None:
    from leadwerk.crm.exchange_log import watching
    from leadwerk.pipeline import deliver as stage

    deployment = call.deployment
    speech, lease = Speech.of_reader(call), wiring.lease(deployment.settings, "deliver")
    with lease, working(speech, "deliver.running", as_json=call.as_json) as progress, watching() as log:
        result = stage.run(
            deployment.warehouse,
            deployment.policy,
            deployment.crm,
            now=call.storing_moment(),
            selection=stage.OutboxSelection(
                lead_ids=None if scope.lead_id is None else [scope.lead_id],
                retry_dead_letters=scope.retry_dead_letters,
                dead_letter_code=scope.code,
            ),
            progress=progress,
        )
    if show_exchange and not call.as_json:
        for exchange in log.exchanges:
            _print_exchange(exchange, speech)
    answer = {**vars(result), "exchanges": log.exchanges} if show_exchange and call.as_json else result
    show(call, answer, "deliver.done")


def _print_exchange(exchange: Exchange, speech: Speech) -> None:
    out.print(f"[bold]{exchange.method} {escape(exchange.url)}[/bold]")
    for name, value in exchange.request_headers.items():
        out.print(escape(f"{name}: {value}"))
    out.print(escape(exchange.request))
    out.print(f"[bold]→ {exchange.status or speech.say('deliver.no_answer')}[/bold]")
    out.print(escape(exchange.answer))


def _preview(call: Invocation, lead: str | None) -> None:
    from leadwerk.pipeline.delivery_preview import preview

    deployment = call.deployment
    with working(Speech.of_reader(call), "deliver.comparing", as_json=call.as_json):
        result = preview(
            deployment.warehouse,
            deployment.policy,
            deployment.crm,
            now=call.moment(),
            lead_ids=None if lead is None else [lead],
        )
    if call.prints_json(result):
        return
    _print_preview(result, Speech.of_reader(call))


def _print_preview(result: DeliveryPreview, speech: Speech) -> None:
    rows = [(change.lead_id, change.field, figure(change.before), figure(change.after)) for change in result.changes]
    if rows:
        out.print(table(speech.say("deliver.would_change"), speech.columns("lead", "field", "before", "after"), rows))
    names = ("added", "changed", "same", "blocked")
    out.print(speech.say("deliver.preview", **{name: f"{getattr(result, name):,}" for name in names}))


@shared_options()
def check(call: Invocation) -> None:
    """Ask the CRM: access, fields and their types, budget left.

    Example: `leadwerk crm check`
    """
    from leadwerk.crm.fields import field_mapping

    deployment, speech = call.deployment, Speech.of_reader(call)
    with working(speech, "crm.asking", as_json=call.as_json):
        fields_checked = field_mapping(deployment.policy, deployment.crm.field_name).fields
        checks = [*deployment.crm.check(fields_checked), *owner_checks(deployment)]
        budget = deployment.crm.budget()
    if call.prints_json({"checks": checks, "budget_left": budget}):
        return
    rows = [(entry.subject, entry.problem or entry.state, entry.remedy) for entry in checks]
    out.print(table(speech.say("crm.title"), ("", *speech.columns("state", "what_to_do")), rows))
    if budget is not None:
        out.print(speech.say("crm.budget", share=f"{budget:.0%}"))


def owner_checks(deployment: Deployment) -> list[Check]:
    """The sellers of people.yaml against the CRM's users, where workflows make tasks and the CRM tells its users."""
    from leadwerk.crm.optional_reads import REFUSALS
    from leadwerk.crm.owners import check_owners
    from leadwerk.crm.port import Check

    makes_tasks = any(action.do == "task" for rule in deployment.policy.workflows.rules for action in rule.actions)
    if not makes_tasks or "owners" not in deployment.crm.capabilities.reports:
        return []
    people = wiring.people(deployment.settings)
    try:
        return [check_owners(people, deployment.crm.owners())]
    except CRMRejected as error:
        if error.status not in REFUSALS:
            raise
        return [Check("owners", "not read", error.message, error.remedy)]


@shared_options()
def fields(
    call: Invocation,
    create: Annotated[bool, typer.Option("--create", help="Create the missing fields.")] = False,
) -> None:
    """Compare the policy's fields with the CRM's; a type is never changed.

    Example: `leadwerk crm fields --create`
    """
    from leadwerk.crm.fields import field_mapping

    deployment = call.deployment
    with working(Speech.of_reader(call), "crm.comparing", as_json=call.as_json):
        mapping = field_mapping(deployment.policy, deployment.crm.field_name)
        plan = deployment.crm.ensure_fields(mapping.fields, dry_run=not create)
    show(call, plan, "crm.fields")


@shared_options()
def dead_letters(call: Invocation) -> None:
    """List scores that the CRM refused for good, grouped by reason, with the remedy.

    Example: `leadwerk crm dead-letters`
    """
    from leadwerk.pipeline.dead_letters import read_dead_letters

    deployment = call.deployment
    groups = read_dead_letters(deployment.warehouse, deployment.policy, call.moment())
    if call.prints_json(groups):
        return
    speech = Speech.of_reader(call)
    rows = [
        (group.code, group.field or "", f"{group.leads:,}", group.example, in_language(group.remedy, speech.language))
        for group in groups
    ]
    header = speech.columns("code", "field", "leads", "example", "what_to_do")
    out.print(table(speech.say("crm.dead_letters"), header, rows))
