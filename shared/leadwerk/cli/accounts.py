"""`leadwerk accounts`: the companies behind contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from msgspec.structs import asdict
from rich.markup import escape

from leadwerk.cli.console import figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.leads import Limit
from leadwerk.cli.picks import Seller
from leadwerk.cli.speech import Speech

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.account_detail import AccountDetail
    from leadwerk.points.entry import Entry

COLUMNS: Final = ("account", "match", "light", "tier", "cell", "points", "contacts", "best_contact")


AccountId = Annotated[str, typer.Argument(help="An account of `leadwerk accounts list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="The companies that contacts belong to.", no_args_is_help=True)
    family.command("list")(list_accounts)
    family.command("show")(show_account)
    family.command("take")(take_account)
    family.command("release")(release_account)
    app.add_typer(family, name="accounts", rich_help_panel="Sellers")


@shared_options(output_language=True)
def list_accounts(
    call: Invocation,
    sort: Annotated[Literal["icp", "points", "interest", "contacts"], typer.Option(help="Order of the list.")] = "icp",
    limit: Limit = 20,
) -> None:
    """List accounts by their match with the ideal customer, or by what their contacts add up to.

    Example: `leadwerk accounts list --sort interest`
    """
    from leadwerk.pipeline.desk import accounts
    from leadwerk.pipeline.desk.page_cursor import PageRequest

    deployment = call.deployment
    page_request = PageRequest(now=call.moment(), limit=limit)
    page = accounts.page(deployment.warehouse, deployment.policy, accounts.AccountFilter(sort=sort), page_request)
    if call.prints_json(page):
        return
    rows = [
        (account.account_id, figure(account.icp), account.traffic_light or "–", account.tier or "–",
         account.matrix_cell, figure(account.points), figure(account.contacts), account.best_contact or "–")
        for account in page.accounts
    ]  # fmt: skip
    speech = Speech.of(call)
    out.print(
        table(speech.number_of(rows, "accounts.more" if page.next else "accounts"), speech.columns(*COLUMNS), rows)
    )


@shared_options(output_language=True)
def show_account(call: Invocation, account_id: AccountId) -> None:
    """Show an account with its contacts and its ledger.

    Example: `leadwerk accounts show muster-ag.ch`
    """
    from leadwerk.pipeline.desk import account_detail

    deployment = call.deployment
    detail = account_detail.account(deployment.warehouse, deployment.policy, account_id, as_of=call.moment())
    print_json(detail) if call.as_json else _print_account(detail, Speech.of(call))


@shared_options(output_language=True)
def take_account(call: Invocation, account_id: AccountId, seller: Seller) -> None:
    """Take a company as a whole: all its contacts, or none if another seller has one of them.

    Example: `leadwerk accounts take muster-ag.ch --seller anna`
    """
    from leadwerk.pipeline.desk import account_picks

    company_pick = account_picks.pick_account(call.deployment.picks, account_id, seller, call.deciding_moment())
    if call.prints_json(company_pick):
        return
    rows = [
        (pick.lead_id, f"{pick.picked_at:%Y-%m-%d %H:%M}", f"{pick.expires_at:%Y-%m-%d %H:%M}")
        for pick in company_pick.contacts
    ]
    speech = Speech.of(call)
    title = speech.say(
        "account.taken",
        count=len(rows),
        figure=f"{len(rows):,}",
        account=company_pick.account_id,
        seller=company_pick.seller,
    )
    out.print(table(title, speech.columns("lead", "since_utc", "until_utc"), rows))


@shared_options(output_language=True)
def release_account(call: Invocation, account_id: AccountId, seller: Seller) -> None:
    """Give a company's contacts back before their picks expire; those of other sellers stay theirs.

    Example: `leadwerk accounts release muster-ag.ch --seller anna`
    """
    from leadwerk.pipeline.desk import account_picks

    released = account_picks.release_account(call.deployment.picks, account_id, seller, call.deciding_moment())
    if call.prints_json(released):
        return
    freed = ", ".join(released.contacts) or "–"
    out.print(escape(Speech.of(call).say("account.released", account=released.account_id, leads=freed)))


def _print_account(detail: AccountDetail, speech: Speech) -> None:
    account = detail.account
    attributes = asdict(account.company)
    company = ", ".join(f"{name} {figure(value)}" for name, value in attributes.items() if value is not None)
    summary = speech.say(
        "account.summary",
        icp=account.icp,
        light=account.traffic_light or speech.say("no_light"),
        tier=account.tier or speech.say("no_tier"),
        cell=account.matrix_cell,
        points=f"{account.points:.2f}",
        fit=f"{account.fit:.2f}",
        interest=f"{account.interest:.2f}",
    )
    out.print(f"[bold]{escape(account.account_id)}[/bold]: {escape(summary)} {escape(company)}")
    everything = speech.say("all_rules")
    ledger = [
        (entry.rule or entry.group or everything, _about(entry), f"{entry.points:+.2f}") for entry in detail.entries
    ]
    ledger += [(speech.say("contact"), contact.lead_id, f"{contact.adds:+.2f}") for contact in detail.contacts]
    ledger += [(speech.say("cap"), speech.say("interest"), f"{detail.capped:+.2f}")] if detail.capped else []
    out.print(table("", speech.columns("from", "what", "points"), ledger))


def _about(entry: Entry) -> str:
    return f"{entry.kind} {entry.base}" if entry.kind in ("cap", "weight") else entry.subject
