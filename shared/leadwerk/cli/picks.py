"""`leadwerk picks`: sellers take leads and give them back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.speech import Speech

LeadId = Annotated[str, typer.Argument(help="A lead id from the list.")]
Seller = Annotated[str, typer.Option("--seller", help="Who picks; a seller of the policy, if it names any.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="Take leads exclusively for some hours, and give them back.", no_args_is_help=True)
    for name, command in (("take", take), ("release", release), ("list", list_picks), ("reconcile", reconcile)):
        family.command(name)(command)
    app.add_typer(family, name="picks", rich_help_panel="Sellers")


@shared_options(output_language=True)
def take(call: Invocation, lead_id: LeadId, seller: Seller) -> None:
    """Take a lead: no other seller can, for the policy's pick_hours or until it is released.

    Example: `leadwerk picks take 102938 --seller anna`
    """
    pick = call.deployment.picks.pick(lead_id, seller, call.deciding_moment())
    until = f"{pick.expires_at:%Y-%m-%d %H:%M}"
    _answer(call, pick, "pick.taken", seller=pick.seller, lead=pick.lead_id, until=until)


@shared_options(output_language=True)
def release(call: Invocation, lead_id: LeadId, seller: Seller) -> None:
    """Give a lead back before its pick expires.

    Example: `leadwerk picks release 102938 --seller anna`
    """
    call.deployment.picks.release(lead_id, seller, call.deciding_moment())
    _answer(call, {"lead_id": lead_id, "seller": None}, "pick.free", lead=lead_id)


@shared_options(output_language=True)
def list_picks(
    call: Invocation,
    seller: Annotated[str | None, typer.Option("--seller", help="Only the picks of this seller.")] = None,
) -> None:
    """List the active picks: which seller has which lead, and until when.

    Example: `leadwerk picks list --seller anna`
    """
    picks = call.deployment.picks.active(call.moment(), seller)
    if call.prints_json(picks):
        return
    rows = [
        (pick.lead_id, pick.seller, f"{pick.picked_at:%Y-%m-%d %H:%M}", f"{pick.expires_at:%Y-%m-%d %H:%M}")
        for pick in picks
    ]
    speech = Speech.of(call)
    header = speech.columns("lead", "seller", "since_utc", "until_utc")
    out.print(table(speech.number_of(rows, "picks"), header, rows))


@shared_options(output_language=True)
def reconcile(call: Invocation) -> None:
    """Complete the table of picks: add expired picks, and steps that a crash left out.

    Example: `leadwerk picks reconcile`
    """
    settled = call.deployment.picks.settle(call.storing_moment())
    _answer(call, settled, "pick.settled", **asdict(settled))


def _answer(call: Invocation, result: object, key: str, **values: object) -> None:
    print_json(result) if call.as_json else out.print(escape(Speech.of(call).say(key, **values)))
