"""What a lead's life was, and where its points came from at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.chart import plot, sparkline
from leadwerk.cli.console import figure, out, print_json, table
from leadwerk.cli.options import AsJson, Deployment, Home, Now, language, moment

if TYPE_CHECKING:
    from leadwerk.pipeline.history import History, LedgerAt, Scored

DEFAULT_DAYS = 400
HUNDRED = 100.0


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Sellers")(history)


def history(
    lead_id: Annotated[str, typer.Argument(help="A lead that is known.")],
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Its ledger at this moment.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = DEFAULT_DAYS,
    speak: Annotated[str | None, typer.Option("--language", help="de, fr, it or en; else the policy's first.")] = None,
    drawn: Annotated[bool, typer.Option("--plot", help="Draw the scores over several lines.")] = False,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show the history of a lead: scores, thresholds, stages, deliveries, picks; or its ledger at a past moment.

    The ledger is computed from what was known strictly before that moment, by the rules of today, and adds up exactly.

    Examples: `leadwerk history 102938` · `leadwerk history 102938 --at 2026-03-01T08:00:00Z`
    """
    from leadwerk.pipeline import history as stored

    here = Deployment.at(home)
    if at is not None:
        ledger = stored.ledger(here.warehouse, here.policy, lead_id, at=moment(at, "at"))
        print_json(ledger) if as_json else _show_ledger(ledger)
        return
    found = stored.history(here.picks, lead_id, now=moment(now), days=days, speak=language(speak))
    print_json(found) if as_json else _show(found, drawn)


def _show(found: History, drawn: bool) -> None:
    held = f", held by {found.held_by} until {found.held_until:%Y-%m-%d %H:%M} UTC" if found.held_until else ""
    out.print(f"[bold]Lead {found.lead_id}[/bold]{f' of {found.account_id}' if found.account_id else ''}{held}")
    for name in ("score", "points"):
        _draw(name, found.scores, drawn)
    rows = [(f"{event.at:%Y-%m-%d %H:%M}", event.kind, event.text) for event in found.timeline]
    out.print(table("", ("UTC", "what", ""), rows))


def _draw(name: str, scores: Sequence[Scored], drawn: bool) -> None:
    values: list[float | None] = [getattr(one, name) for one in scores]
    known = [value for value in values if value is not None]
    if not known:
        return
    low, high = min(0.0, *known), max(HUNDRED, *known)
    line = "" if drawn else sparkline(values, low=low, high=high)
    out.print(f"{name:7}{line}  {figure(known[0])} → {figure(known[-1])}")
    for row in plot(values, low=low, high=high) if drawn else ():
        out.print(row)


def _show_ledger(found: LedgerAt) -> None:
    out.print(f"[bold]Lead {found.lead_id}[/bold] at {found.as_of:%Y-%m-%d %H:%M} UTC, policy {found.policy_version}")
    rows = [
        (entry.score, entry.rule or entry.group or "(all)", entry.kind, entry.subject, str(entry.events or ""),
         f"{entry.base}", f"{entry.factor:.3f}", f"{entry.points:+.2f}")
        for entry in found.entries
    ]  # fmt: skip
    out.print(table("", ("score", "rule", "kind", "subject", "events", "base", "factor", "points"), rows))
    standing = found.standing
    out.print(
        f"Sum of {len(found.entries)} entries: [bold]{found.sum:.2f}[/bold] = fit {standing.fit:.2f} + interest "
        f"{standing.interest:.2f}; cell {standing.cell}, match {standing.icp}, {standing.tier or 'no tier'}"
    )
