"""The sellers' desk on the command line: the list, picks, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape

from leadwerk.cli.console import figure, number_of, out, print_json, show, table
from leadwerk.cli.options import AsJson, Deployment, Home, Now, deciding_moment, language, moment, storing_moment
from leadwerk.errors import InputError

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.accounts import AccountDetail
    from leadwerk.points.ledger import Entry

FORMS = {
    "sort": "Use score, points, fit or tier.",
    "cluster": "Use HOT, WARM, COLD, UNSCORED or DISQUALIFIED.",
    "matrix_cell": "Write grade and level, such as A1.",
    "grade": "Write a letter from A to D.",
    "region": "Write a canton or Land such as CH-ZH, or a country such as CH.",
    "language": "Use de, fr, it or en.",
}
LeadId = Annotated[str, typer.Argument(help="A lead of the list.")]
Seller = Annotated[str, typer.Option("--seller", help="Who picks; a seller of the policy, if it names any.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    for command in (leads, pick, release, picks, accounts):
        app.command(rich_help_panel="Sellers")(command)


def leads(
    sort: Annotated[str, typer.Option(help="score, points, fit or tier.")] = "score",
    cluster: Annotated[str | None, typer.Option(help="HOT, WARM, COLD …")] = None,
    grade: Annotated[str | None, typer.Option(help="Grade of fit, A to D.")] = None,
    matrix_cell: Annotated[str | None, typer.Option("--matrix-cell", help="Grade and level, such as A1.")] = None,
    tier: Annotated[str | None, typer.Option(help="As the policy names it.")] = None,
    region: Annotated[str | None, typer.Option(help="CH-ZH, or a country.")] = None,
    spoken: Annotated[str | None, typer.Option("--language", help="The lead's: de, fr, it or en.")] = None,
    speak: Annotated[
        str | None, typer.Option(help="Of the words shown: de, fr, it or en; else the policy's first.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Only those that nobody holds.")] = False,
    limit: Limit = 20,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """List open leads to call, best first; of equal ones the larger company comes first.

    Example: `leadwerk leads --language fr --region CH-VD --free`
    """
    from leadwerk.pipeline.desk import call_list

    here = Deployment.at(home)
    asked = {
        "cluster": cluster.upper() if cluster else None,
        "grade": grade.upper() if grade else None,
        "matrix_cell": matrix_cell.upper() if matrix_cell else None,
        "tier": tier,
        "region": region.upper() if region else None,
        "language": spoken.lower() if spoken else None,
    }
    wanted = _wanted(call_list.LeadFilter, {"sort": sort, "held": False if free else None, **asked})
    page = call_list.page(
        here.warehouse, here.policy, wanted, now=moment(now), limit=limit, output_language=language(speak)
    )
    if as_json:
        print_json(page)
        return
    rows = [
        (one.lead_id, figure(one.score), figure(one.points), one.matrix_cell or "–", one.tier or "–", one.region or "–",
         one.language, one.labels["cluster"], one.held_by or "", one.reasons[0] if one.reasons else "")
        for one in page.leads
    ]  # fmt: skip
    header = ("lead", "score", "points", "cell", "tier", "region", "language", "cluster", "held by", "why")
    out.print(table(f"{number_of(rows, 'lead')}{', and more' if page.next else ''}", header, rows))


def pick(lead_id: LeadId, seller: Seller, home: Home = None, now: Now = None, as_json: AsJson = False) -> None:
    """Take a lead: nobody else may, for the policy's pick_hours or until it is released.

    Example: `leadwerk pick 102938 --seller anna`
    """
    show(Deployment.at(home).picks.pick(lead_id, seller, deciding_moment(now)), title="Picked", as_json=as_json)


def release(lead_id: LeadId, seller: Seller, home: Home = None, now: Now = None, as_json: AsJson = False) -> None:
    """Give a lead back before the time is over.

    Example: `leadwerk release 102938 --seller anna`
    """
    Deployment.at(home).picks.release(lead_id, seller, deciding_moment(now))
    show({"lead_id": lead_id, "seller": None}, title="Released", as_json=as_json)


def picks(
    seller: Annotated[str | None, typer.Option("--seller", help="Only this one's.")] = None,
    settle: Annotated[bool, typer.Option("--settle", help="First note what lapsed or was left unsaid.")] = False,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show who holds which lead, and until when.

    Example: `leadwerk picks --seller anna`
    """
    here, at = Deployment.at(home), storing_moment(now) if settle else moment(now)
    if settle:
        here.picks.settle(at)
    found = here.picks.standing(at, seller)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.lead_id, one.seller, f"{one.picked_at:%Y-%m-%d %H:%M}", f"{one.expires_at:%Y-%m-%d %H:%M}")
        for one in found
    ]
    out.print(table(f"{number_of(rows, 'lead')} held", ("lead", "seller", "since (UTC)", "until (UTC)"), rows))


def accounts(
    account_id: Annotated[str | None, typer.Argument(help="One account; without it, the list.")] = None,
    sort: Annotated[str, typer.Option(help="icp, points, interest or contacts.")] = "icp",
    limit: Limit = 20,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """List the accounts that contacts roll up to, or show one with its contacts and ledger.

    Examples: `leadwerk accounts --sort interest` · `leadwerk accounts muster-ag.ch`
    """
    from leadwerk.pipeline.desk import accounts as rolled

    here, at = Deployment.at(home), moment(now)
    if account_id is not None:
        detail = rolled.account(here.warehouse, here.policy, account_id, as_of=at)
        print_json(detail) if as_json else _show_account(detail)
        return
    order = _choice("sort", sort, ("icp", "points", "interest", "contacts"))
    page = rolled.page(here.warehouse, here.policy, now=at, sort=order, limit=limit)
    if as_json:
        print_json(page)
        return
    rows = [
        (one.account_id, figure(one.icp), one.traffic_light or "–", one.tier or "–", one.matrix_cell,
         figure(one.points), figure(one.contacts), one.best_contact or "–")
        for one in page.accounts
    ]  # fmt: skip
    header = ("account", "match", "light", "tier", "cell", "points", "contacts", "best contact")
    out.print(table(f"{number_of(rows, 'account')}{', and more' if page.next else ''}", header, rows))


def _show_account(found: AccountDetail) -> None:
    one = found.account
    known = ", ".join(f"{name} {figure(value)}" for name, value in one.company.items() if value is not None)
    out.print(
        f"[bold]{escape(one.account_id)}[/bold]: match {one.icp} ({one.traffic_light or 'unknown'}), "
        f"{one.tier or 'no tier'}, cell {one.matrix_cell}, {one.points:.2f} points = fit {one.fit:.2f} + interest "
        f"{one.interest:.2f}. {escape(known)}"
    )
    ledger = [(entry.rule or entry.group or "(all)", _about(entry), f"{entry.points:+.2f}") for entry in found.entries]
    ledger += [("contact", person.lead_id, f"{person.adds:+.2f}") for person in found.contacts]
    ledger += [("cap", "interest", f"{found.capped:+.2f}")] if found.capped else []
    out.print(table("", ("from", "what", "points"), ledger))


def _about(entry: Entry) -> str:
    return f"{entry.kind} {entry.base}" if entry.kind in ("cap", "weight") else entry.subject


def _wanted(kind: Any, fields: dict[str, Any]) -> Any:
    try:
        return msgspec.convert({name: value for name, value in fields.items() if value is not None}, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        field = where.rstrip("`")
        raise InputError(
            f"There is no {field} {fields[field]!r}." if field in fields else f"{what}.",
            field=field,
            value=fields.get(field),
            remedy=FORMS.get(field, f"See `leadwerk leads --help` for --{field}."),
        ) from error


def _choice(field: str, value: str, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise InputError(f"There is no {field} {value!r}.", field=field, value=value, remedy=f"Use {', '.join(known)}.")
    return value
