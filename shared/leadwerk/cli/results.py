"""`leadwerk results`: what scores cost and brought, and which leads they judged wrongly."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech

if TYPE_CHECKING:
    from leadwerk.experiment.effect import IntervalEstimate
    from leadwerk.pipeline.month_errors import ScoreError
    from leadwerk.report.money_figures import CostOfWin, GroupReturn

_HELP = """
What became of scored leads.

- `leadwerk results money` shows cost for a win with and without scores, contracts, the sales cycle, return by channel
- `leadwerk results errors 2026-05` lists HOT leads that did not convert, and others that did, with the reasons
- `leadwerk results kpis` shows the KPIs of the last mornings, and those outside the policy's limits
"""


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")
    for command in (money, errors, kpis):
        family.command()(command)
    app.add_typer(family, name="results", rich_help_panel="Tools")


@shared_options()
def money(
    call: Invocation,
    days: Annotated[int, typer.Option(min=7, max=3650, help="Leads created in the last DAYS days.")] = 365,
) -> None:
    """Show the cost of one win with and without scores, contracts, sales cycle, and return by channel and source.

    Costs need `capacity.cost_per_hour` in the policy. Example: `leadwerk results money --days 180`
    """
    from leadwerk.pipeline.money import read_money

    deployment, speech = call.deployment, Speech.of_reader(call)
    with working(speech, "results.reading_money", as_json=call.as_json):
        figures = read_money(deployment.warehouse, deployment.policy, days=days, now=call.moment())
    if call.prints_json(figures):
        return
    out.print(speech.say("results.leads", leads=f"{figures.leads:,}", won=f"{figures.won:,}"))
    if figures.cost_of_win is None:
        out.print(speech.say("results.no_cost"))
    else:
        _show_cost(figures.cost_of_win, speech)
    if figures.sales_cycle is not None:
        cycle = figures.sales_cycle
        quartiles = {"median": cycle.median, "first": cycle.first_quarter, "third": cycle.third_quarter}
        out.print(speech.say("results.cycle", **{name: f"{days:.0f}" for name, days in quartiles.items()}))
    if figures.mean_contract is not None and figures.lifetime_value is not None:
        lifetime = _interval(figures.lifetime_value, speech)
        out.print(speech.say("results.contract", mean=f"{figures.mean_contract:,.0f}", lifetime=lifetime))
    if figures.returns:
        by, *figure_names = speech.columns("by", "leads", "won", "revenue", "cost", "return")
        rows = [_return(row, speech) for row in figures.returns]
        out.print(table(speech.say("results.return"), (by, "", *figure_names), rows))


def _show_cost(cost: CostOfWin, speech: Speech) -> None:
    estimates = {"results.everybody": cost.everybody, "results.hot_only": cost.hot_only}
    rows = [(speech.say(key), _interval(estimate, speech)) for key, estimate in estimates.items()]
    title = speech.say("results.cost", leads=f"{cost.leads:,}")
    out.print(table(title, ("", *speech.columns("cost_interval")), rows))
    lost = cost.lost_wins
    wins = speech.say("interval", value=f"{lost.value:.0%}", low=f"{lost.low:.0%}", high=f"{lost.high:.0%}")
    out.print(speech.say("results.below", wins=wins, revenue=f"{cost.lost_amount:.0%}"))


def _return(row: GroupReturn, speech: Speech) -> tuple[str, ...]:
    cost = "–" if row.cost is None else f"{row.cost:,.0f}"
    returned = "–" if row.return_on_cost is None else f"{row.return_on_cost:+.0%}"
    won = f"{row.won:,} {speech.say('results.few')}" if row.is_small else f"{row.won:,}"
    value = row.value or speech.say("results.not_known")
    return row.kind, value, f"{row.leads:,}", won, f"{row.revenue:,.0f}", cost, returned


def _interval(estimate: IntervalEstimate, speech: Speech) -> str:
    if not isfinite(estimate.value):
        return speech.say("interval.no_win")
    value, low = f"{estimate.value:,.0f}", f"{estimate.low:,.0f}"
    if not isfinite(estimate.high):
        return speech.say("interval.at_least", value=value, low=low)
    return speech.say("interval", value=value, low=low, high=f"{estimate.high:,.0f}")


@shared_options()
def errors(
    call: Invocation,
    month: Annotated[str, typer.Argument(help="Month of the first score, such as 2026-05.")],
    most: Annotated[int, typer.Option(min=1, max=1000, help="Most leads of each kind.")] = 50,
) -> None:
    """List HOT leads that did not convert, and other leads that did, the most surprising first.

    Example: `leadwerk results errors 2026-05 --json`
    """
    from leadwerk.pipeline import month_errors as stage

    deployment, speech = call.deployment, Speech.of_reader(call)
    with working(speech, "results.reading_errors", as_json=call.as_json):
        report = stage.run(deployment.warehouse, deployment.policy, month=month, now=call.moment(), most=most)
    if call.prints_json(report):
        return
    header = speech.columns("lead", "score", "reasons", "crm_reason", "verdict")
    kinds = {"results.hot_not_won": report.false_positives, "results.not_hot_won": report.false_negatives}
    for key, rows in kinds.items():
        title = speech.say(key)
        if rows:
            titled = speech.say("results.titled", title=title, figure=len(rows))
            out.print(table(titled, header, [_error(row, speech) for row in rows]))
        else:
            out.print(speech.say("results.none", title=title))


def _error(row: ScoreError, speech: Speech) -> tuple[str, ...]:
    from leadwerk.pipeline.desk.stored_reasons import reason_sentence

    reasons = "; ".join(reason_sentence(speech.language, reason) for reason in row.reasons[:3])
    verdict = " ".join(text for text in (row.verdict, row.verdict_reason) if text)
    if row.reached is False:
        verdict = f"{verdict} {speech.say('results.not_reached')}".strip()
    return row.lead_id, str(row.predictive_score), reasons, row.lost_reason or "", verdict


@shared_options()
def kpis(
    call: Invocation,
    days: Annotated[int, typer.Option(min=1, max=1100, help="How many days back.")] = 30,
) -> None:
    """KPIs of each morning, as `thresholds decide` stored them, and those outside the policy's `kpi_limits`.

    Example: `leadwerk results kpis --days 90`
    """
    from datetime import timedelta

    from leadwerk.pipeline.kpis import daily as stage

    deployment, now = call.deployment, call.moment()
    first_day = stage.day_of(deployment.policy, now) - timedelta(days=days)
    history = stage.read_kpis(deployment.warehouse, now, first_day=first_day)
    alerts = stage.current_alerts(deployment.warehouse, deployment.policy, now)
    if call.prints_json({"kpis": history, "alerts": alerts}):
        return
    speech = Speech.of_reader(call)
    if not history:
        out.print(speech.say("results.no_kpis"))
        return
    rows = [(f"{row.day}", row.kpi, f"{row.value:,.3g}", f"{row.leads:,}") for row in history if row.segment is None]
    out.print(table(speech.say("results.kpis"), speech.columns("day", "kpi", "value", "leads"), rows))
    for alert in alerts:
        name = alert.kpi.kpi
        if alert.kpi.segment:
            segment = {"segmented_by": alert.kpi.segmented_by, "segment": alert.kpi.segment}
            name = speech.say("results.kpi_of", kpi=name, **segment)
        bounds = {"results.at_least": alert.limit.at_least, "results.at_most": alert.limit.at_most}
        limits = ", ".join(speech.say(key, bound=f"{bound:g}") for key, bound in bounds.items() if bound is not None)
        value = f"{alert.kpi.value:,.3g}"
        out.print(speech.say("results.kpi_alert", kpi=name, value=value, day=alert.since, limits=limits))
