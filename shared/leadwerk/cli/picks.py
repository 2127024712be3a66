"""`leadwerk picks`: sellers take leads and give them back."""

from __future__ import annotations

from typing import Annotated

import typer

from leadwerk.cli.console import number_of, out, print_json, show, table
from leadwerk.cli.invocation import Invocation, shared_options

LeadId = Annotated[str, typer.Argument(help="A lead of the list.")]
Seller = Annotated[str, typer.Option("--seller", help="Who picks; a seller of the policy, if it names any.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="Take leads exclusively for some hours, and give them back.", no_args_is_help=True)
    for name, command in (("take", take), ("release", release), ("list", list_picks), ("reconcile", reconcile)):
        family.command(name)(command)
    app.add_typer(family, name="picks", rich_help_panel="Sellers")


@shared_options()
def take(call: Invocation, lead_id: LeadId, seller: Seller) -> None:
    """Take a lead: no other seller can, for the policy's pick_hours or until it is released.

    Example: `leadwerk picks take 102938 --seller anna`
    """
    show(call.deployment.picks.pick(lead_id, seller, call.deciding_moment()), title="Picked", as_json=call.as_json)


@shared_options()
def release(call: Invocation, lead_id: LeadId, seller: Seller) -> None:
    """Give a lead back before its pick expires.

    Example: `leadwerk picks release 102938 --seller anna`
    """
    call.deployment.picks.release(lead_id, seller, call.deciding_moment())
    show({"lead_id": lead_id, "seller": None}, title="Released", as_json=call.as_json)


@shared_options()
def list_picks(
    call: Invocation,
    seller: Annotated[str | None, typer.Option("--seller", help="Only the picks of this seller.")] = None,
) -> None:
    """List the active picks: which seller has which lead, and until when.

    Example: `leadwerk picks list --seller anna`
    """
    picks = call.deployment.picks.active(call.moment(), seller)
    if call.as_json:
        print_json(picks)
        return
    rows = [
        (pick.lead_id, pick.seller, f"{pick.picked_at:%Y-%m-%d %H:%M}", f"{pick.expires_at:%Y-%m-%d %H:%M}")
        for pick in picks
    ]
    out.print(table(f"{number_of(rows, 'lead')} held", ("lead", "seller", "since (UTC)", "until (UTC)"), rows))


@shared_options()
def reconcile(call: Invocation) -> None:
    """Record what the table of picks lacks: picks that expired, and steps that a crash kept from it.

    Example: `leadwerk picks reconcile`
    """
    show(call.deployment.picks.settle(call.storing_moment()), title="Reconciled", as_json=call.as_json)
