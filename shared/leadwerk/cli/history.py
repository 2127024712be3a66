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
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from datetime import datetime

    from leadwerk.pipeline.desk.ledger_at import LedgerAt
    from leadwerk.pipeline.desk.timeline import History
    from leadwerk.pipeline.leads.score_history import PastScore
    from leadwerk.pipeline.policies.policy_in_force import StoredThen, Which

HUNDRED = 100.0
NOT_OF_THEN: Final = ("not_kept", "not_recorded")
POLICIES: Final[dict[str, Which]] = {"in-force": "in_force", "current": "current"}


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Sellers")(history)


@shared_options(output_language=True)
def history(
    call: Invocation,
    lead_id: Annotated[str, typer.Argument(help="A lead id.")],
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Show the ledger at this moment.")] = None,
    policy: Annotated[
        str, typer.Option(help="Policy to apply to --at: the one in-force then, or the current one.")
    ] = "in-force",
    days: Annotated[int, typer.Option(min=1, help="Days to look back.")] = TIMELINE_DAYS,
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
        print_json(ledger) if call.as_json else _show_ledger(ledger, Speech.of(call))
        return
    lead_history = stored.history(
        deployment.picks, lead_id, now=call.moment(), days=days, output_language=call.language
    )
    print_json(lead_history) if call.as_json else _show(lead_history, drawn, Speech.of(call))


def _ledger(deployment: Deployment, lead_id: str, at: datetime, now: datetime, policy: str) -> LedgerAt:
    from leadwerk.pipeline.desk.ledger_at import ledger
    from leadwerk.pipeline.policies.policy_in_force import PolicyRecords, rules_at
    from leadwerk.pipeline.policies.policy_store import cached_policies

    if policy not in POLICIES:
        remedy = Message("refusal.use_one", choices=", ".join(POLICIES))
        raise InputError(Message("cli.history.no_policy", policy=policy), field="policy", value=policy, remedy=remedy)
    records = PolicyRecords(deployment.warehouse, deployment.policy, cached_policies(deployment.settings))
    rules = rules_at(records, lead_id, at=at, now=now, which=POLICIES[policy])
    return ledger(deployment.warehouse, deployment.policy, rules, lead_id, at=at)


def _show(lead_history: History, drawn: bool, speech: Speech) -> None:
    of = "history.lead_of" if lead_history.account_id else "history.lead"
    parts = [speech.say(of, lead=lead_history.lead_id, account=lead_history.account_id)]
    if lead_history.held_until:
        until = f"{lead_history.held_until:%Y-%m-%d %H:%M}"
        parts.append(speech.say("history.held", seller=lead_history.held_by, until=until))
    out.print(f"[bold]{escape(', '.join(parts))}[/bold]")
    for name in ("score", "points"):
        _draw(name, speech.say(f"column.{name}"), lead_history.scores, drawn)
    rows = [(f"{event.at:%Y-%m-%d %H:%M}", event.kind, event.text) for event in lead_history.timeline]
    out.print(table("", ("UTC", speech.say("column.what"), ""), rows))


def _draw(name: str, heading: str, scores: Sequence[PastScore], drawn: bool) -> None:
    values: list[float | None] = [getattr(score, name) for score in scores]
    present = [value for value in values if value is not None]
    if not present:
        return
    # Every chart covers 0 to 100, so that two of them can be compared.
    low, high = min(0.0, *present), max(HUNDRED, *present)
    line = "" if drawn else sparkline(values, low=low, high=high)
    out.print(f"{heading:7}{line}  {figure(present[0])} → {figure(present[-1])}")
    for row in plot(values, low=low, high=high) if drawn else ():
        out.print(row)


def _show_ledger(ledger: LedgerAt, speech: Speech) -> None:
    moment, everything = f"{ledger.as_of:%Y-%m-%d %H:%M}", speech.say("all_rules")
    heading = speech.say("history.at", lead=ledger.lead_id, moment=moment, policy=ledger.policy_version)
    out.print(f"[bold]{escape(heading)}[/bold]")
    out.print(_policy_source(ledger, speech))
    rows = [
        (entry.score, entry.rule or entry.group or everything, entry.kind, entry.subject, str(entry.events or ""),
         f"{entry.base}", f"{entry.factor:.3f}", f"{entry.points:+.2f}")
        for entry in ledger.entries
    ]  # fmt: skip
    header = speech.columns("score", "rule", "kind", "subject", "events", "base", "factor", "points")
    out.print(table("", header, rows))
    rating = ledger.rating
    total = speech.say(
        "history.sum",
        count=len(ledger.entries),
        figure=len(ledger.entries),
        sum=f"{ledger.sum:.2f}",
        fit=f"{rating.fit:.2f}",
        interest=f"{rating.interest:.2f}",
        cell=rating.matrix_cell,
        icp=rating.icp,
        tier=rating.tier or speech.say("no_tier"),
    )
    out.print(f"[bold]{escape(total)}[/bold]")
    if ledger.stored is not None:
        out.print(_compared(ledger, ledger.stored, speech))


def _policy_source(ledger: LedgerAt, speech: Speech) -> str:
    """Which policy was applied, and how it was found; in yellow where it is not the one of then."""
    sentence = speech.say(
        f"history.source.{ledger.policy_source}",
        since=f"{ledger.since:%Y-%m-%d %H:%M}" if ledger.since else "–",
        in_force=ledger.in_force or speech.say("history.unknown_policy"),
    )
    return f"[yellow]{escape(sentence)}[/yellow]" if ledger.policy_source in NOT_OF_THEN else escape(sentence)


def _compared(ledger: LedgerAt, stored: StoredThen, speech: Speech) -> str:
    if ledger.adds_up is not False:
        return speech.say(f"history.stored.{'same' if ledger.adds_up else 'no_points'}", score=stored.score_id)
    points = f"{stored.points:.2f}"
    sentence = speech.say("history.stored.other", score=stored.score_id, policy=stored.policy_version, points=points)
    return f"[yellow]{escape(sentence)}[/yellow]"
