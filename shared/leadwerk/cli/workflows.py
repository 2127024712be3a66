"""`leadwerk workflow`: what follows from changes of leads, carried out, tried and repeated by hand."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from leadwerk.cli.console import out
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech
from leadwerk.pipeline import wiring


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="What follows when a lead changes: messages, tasks, tags, events.", no_args_is_help=True)
    for name, command in (("run", run), ("test", test), ("replay", replay)):
        family.command(name)(command)
    app.add_typer(family, name="workflow", rich_help_panel="Tools")


@shared_options()
def run(call: Invocation) -> None:
    """Decide what follows from the changes since the last time, and carry out what is due.

    Example: `leadwerk workflow run`
    """
    from leadwerk.pipeline.workflows import stage as workflows

    deployment = call.deployment
    with (
        wiring.lease(deployment.settings, "workflows"),
        working(Speech.of_reader(call), "workflow.running", as_json=call.as_json),
    ):
        receivers = wiring.receivers(deployment.settings, deployment.policy)
        result = workflows.run(deployment.warehouse, deployment.policy, receivers, now=call.storing_moment())
    show(call, result, "workflow.done")


@shared_options()
def test(
    call: Invocation,
    lead_id: Annotated[str, typer.Argument(help="A lead that has a score.")],
    send: Annotated[bool, typer.Option("--send", help="Send messages and events; tasks and tags never.")] = False,
) -> None:
    """Show what each workflow would do if its change happened to this lead now: for whom, when, in which words.

    Example: `leadwerk workflow test 102938`
    """
    from leadwerk.pipeline.workflows.trial import trial

    deployment = call.deployment
    receivers = wiring.receivers(deployment.settings, deployment.policy)
    moment = call.moment()
    actions = trial(deployment.warehouse, deployment.policy, receivers, lead_id, now=moment, is_sent=send)
    if call.prints_json(actions):
        return
    speech = Speech.of_reader(call)
    if not actions:
        out.print(speech.say("workflow.none"))
    for action in actions:
        target = f" {action.target}" if action.target else ""
        note = "" if action.is_meant else f" {speech.say('workflow.not_meant')}"
        out.print(f"[bold]{escape(action.workflow)}[/bold]: {action.action}{escape(target)}{note}")
        moments = (("workflow.not_before", action.not_before), ("workflow.due", action.due_at))
        for key, at in moments:
            if at is not None:
                out.print(f"  {speech.say(key, moment=f'{at:%Y-%m-%d %H:%M}')}")
        for language, written in action.texts.items():
            out.print(escape(f"  {language}: " + "\n      ".join(written)))
        if action.result:
            out.print(escape(f"  → {action.result}"))


@shared_options()
def replay(
    call: Invocation,
    channel: Annotated[str, typer.Option("--channel", help="Only what goes to this channel or tag.")] = "",
) -> None:
    """Carry out again what receivers refused, after the cure.

    Example: `leadwerk workflow replay --channel sales`
    """
    from leadwerk.pipeline.workflows import stage as workflows

    deployment = call.deployment
    with (
        wiring.lease(deployment.settings, "workflows"),
        working(Speech.of_reader(call), "workflow.repeating", as_json=call.as_json),
    ):
        receivers = wiring.receivers(deployment.settings, deployment.policy)
        work = (deployment.warehouse, deployment.policy, receivers)
        result = workflows.replay(*work, now=call.storing_moment(), target=channel)
    show(call, result, "workflow.done")
