"""What a lead's life was, and where its points came from at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from leadwerk.catalogue.periods import TIMELINE_DAYS
from leadwerk.cli.chart import plot, sparkline
from leadwerk.cli.console import figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import Deployment, moment
from leadwerk.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from leadwerk.pipeline.desk.ledger_at import LedgerAt
    from leadwerk.pipeline.desk.timeline import History
    from leadwerk.pipeline.leads.score_history import PastScore
    from leadwerk.pipeline.policies.policy_in_force import StoredThen, Which

HUNDRED = 100.0
POLICIES: Final[dict[str, Which]] = {"in-force": "in_force", "current": "current"}


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Sellers")(history)


@shared_options(output_language=True)
def history(
    call: Invocation,
    lead_id: Annotated[str, typer.Argument(help="A lead that is known.")],
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Its ledger at this moment.")] = None,
    policy: Annotated[
        str, typer.Option(help="Policy to apply to --at: the one in-force then, or the current one.")
    ] = "in-force",
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = TIMELINE_DAYS,
    drawn: Annotated[bool, typer.Option("--plot", help="Draw the scores over several lines.")] = False,
) -> None:
    """Show the history of a lead: scores, thresholds, stages, deliveries, picks; or its ledger at a past moment.

    The ledger is computed from what was known strictly before that moment, by the rules that were in force then, and
    adds up exactly; with --policy current by the current ones.

    Examples: `leadwerk history 102938` · `leadwerk history 102938 --at 2026-03-01T08:00:00Z --policy current`
    """
    from leadwerk.pipeline.desk import timeline as stored

    deployment = call.deployment
    if at is not None:
        ledger = _ledger(deployment, lead_id, moment(at, "at"), call.moment(), policy)
        print_json(ledger) if call.as_json else _show_ledger(ledger)
        return
    lead_history = stored.history(
        deployment.picks, lead_id, now=call.moment(), days=days, output_language=call.language
    )
    print_json(lead_history) if call.as_json else _show(lead_history, drawn)


def _ledger(deployment: Deployment, lead_id: str, at: datetime, now: datetime, policy: str) -> LedgerAt:
    from leadwerk.pipeline.desk.ledger_at import ledger
    from leadwerk.pipeline.policies.policy_in_force import PolicyRecords, rules_at
    from leadwerk.pipeline.policies.policy_store import cached_policies

    if policy not in POLICIES:
        remedy = f"Use {' or '.join(POLICIES)}."
        raise InputError(f"There is no policy {policy!r} to apply.", field="policy", value=policy, remedy=remedy)
    records = PolicyRecords(deployment.warehouse, deployment.policy, cached_policies(deployment.settings))
    rules = rules_at(records, lead_id, at=at, now=now, which=POLICIES[policy])
    return ledger(deployment.warehouse, rules, lead_id, at=at)


def _show(lead_history: History, drawn: bool) -> None:
    holder = (
        f", held by {lead_history.held_by} until {lead_history.held_until:%Y-%m-%d %H:%M} UTC"
        if lead_history.held_until
        else ""
    )
    of = f" of {escape(lead_history.account_id)}" if lead_history.account_id else ""
    out.print(f"[bold]Lead {escape(lead_history.lead_id)}[/bold]{of}{holder}")
    for name in ("score", "points"):
        _draw(name, lead_history.scores, drawn)
    rows = [(f"{event.at:%Y-%m-%d %H:%M}", event.kind, event.text) for event in lead_history.timeline]
    out.print(table("", ("UTC", "what", ""), rows))


def _draw(name: str, scores: Sequence[PastScore], drawn: bool) -> None:
    values: list[float | None] = [getattr(score, name) for score in scores]
    present = [value for value in values if value is not None]
    if not present:
        return
    low, high = min(0.0, *present), max(HUNDRED, *present)
    line = "" if drawn else sparkline(values, low=low, high=high)
    out.print(f"{name:7}{line}  {figure(present[0])} → {figure(present[-1])}")
    for row in plot(values, low=low, high=high) if drawn else ():
        out.print(row)


def _show_ledger(ledger: LedgerAt) -> None:
    out.print(
        f"[bold]Lead {escape(ledger.lead_id)}[/bold] at {ledger.as_of:%Y-%m-%d %H:%M} UTC, "
        f"policy {ledger.policy_version}"
    )
    out.print(_found_how(ledger))
    rows = [
        (entry.score, entry.rule or entry.group or "(all)", entry.kind, entry.subject, str(entry.events or ""),
         f"{entry.base}", f"{entry.factor:.3f}", f"{entry.points:+.2f}")
        for entry in ledger.entries
    ]  # fmt: skip
    out.print(table("", ("score", "rule", "kind", "subject", "events", "base", "factor", "points"), rows))
    rating = ledger.rating
    out.print(
        f"Sum of {len(ledger.entries)} entries: [bold]{ledger.sum:.2f}[/bold] = fit {rating.fit:.2f} + interest "
        f"{rating.interest:.2f}; cell {rating.matrix_cell}, match {rating.icp}, {rating.tier or 'no tier'}"
    )
    if ledger.stored is not None:
        out.print(_compared(ledger, ledger.stored))


def _found_how(ledger: LedgerAt) -> str:
    """Which policy was applied, and how it was found."""
    since = f" since {ledger.since:%Y-%m-%d %H:%M} UTC" if ledger.since else ""
    explanations = {
        "published": f"Policy in force: published, in force{since}.",
        "scored": "Policy in force: that of the lead's latest stored score.",
        "replaced_later": "Policy in force: the one that the first publication replaced later, unless the file was "
        "edited by hand before.",
        "requested": f"Current policy, as requested; in force was policy {ledger.in_force or 'unknown'}.",
        "not_kept": f"[yellow]Current policy:[/yellow] policy {ledger.in_force} was in force, which is not kept here.",
        "not_recorded": "[yellow]Current policy:[/yellow] it is not recorded which policy was in force then.",
    }
    return explanations[ledger.policy_source]


def _compared(ledger: LedgerAt, stored: StoredThen) -> str:
    if ledger.adds_up is None:
        return f"The score stored then ({stored.score_id}) has no points."
    if ledger.adds_up:
        return f"The score stored then ({stored.score_id}) has the same points."
    return (
        f"[yellow]The score stored then[/yellow] ({stored.score_id}, policy {stored.policy_version}) has "
        f"{stored.points:.2f} points: its own ledger is in the table `scores`."
    )
