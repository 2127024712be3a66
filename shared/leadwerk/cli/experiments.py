"""`leadwerk experiment`: how large an experiment must be, and what it shows."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working

if TYPE_CHECKING:
    from leadwerk.experiment.effect import IntervalEstimate
    from leadwerk.experiment.report import ArmFigures, EffectReport

_HELP = """
Measures what scores bring: a control group whose score is withheld, against the rest (policy: `experiment`).

- `leadwerk experiment plan --leads 2000 --rate 0.03` says which effects could be seen, before anything starts
- `leadwerk experiment show` estimates the effect on wins, calls, cost and revenue so far
"""


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")
    for command in (plan, show):
        family.command()(command)
    app.add_typer(family, name="experiment", rich_help_panel="Tools")


@shared_options(now=False)
def plan(
    call: Invocation,
    leads: Annotated[int, typer.Option(min=10, max=100_000_000, help="Leads that will take part.")],
    rate: Annotated[float, typer.Option(min=0.0001, max=0.99, help="Share of leads that convert today.")],
    control: Annotated[
        float | None, typer.Option(min=1, max=90, help="Percent in the control group (default: 10, 20 and 50).")
    ] = None,
) -> None:
    """Show the smallest rise of the conversion rate that such an experiment detects in four of five cases.

    Example: `leadwerk experiment plan --leads 2000 --rate 0.03`
    """
    from leadwerk.experiment.effect import minimum_detectable_effect

    shares = (10.0, 20.0, 50.0) if control is None else (control,)
    effects = {share: minimum_detectable_effect(leads, 1 - share / 100, rate) for share in shares}
    if call.as_json:
        plans = [{"control_percent": share, "detectable": effect} for share, effect in effects.items()]
        print_json({"leads": leads, "rate": rate, "plans": plans})
        return
    rows = [(f"{share:g} %", f"+{effect:.2%}", f"{effect / rate:.0%} more") for share, effect in effects.items()]
    out.print(table("Smallest effect that would be found", ("control group", "points", "relative"), rows))
    if min(effects.values()) > rate:
        out.print("Only a doubling would be seen: take more leads, a longer time, or a larger control group.")


@shared_options()
def show(call: Invocation) -> None:
    """Show wins, calls, cost and revenue of both groups as they were assigned, with 95 % intervals.

    Example: `leadwerk experiment show --json`
    """
    from leadwerk.pipeline import experiment_effect as stage

    deployment = call.deployment
    with working("Reading the experiment", as_json=call.as_json):
        report = stage.run(deployment.warehouse, deployment.policy, deployment.registry, now=call.moment())
    if call.as_json:
        print_json(report)
        return
    counts = ", ".join(f"{number:,} {arm}" for arm, number in report.leads.items())
    out.print(f"Experiment {report.experiment}: {counts}; {report.matured:,} outcomes have matured.")
    if report.effect is None:
        out.print("Too few wins to estimate anything yet.")
        return
    rows = [_arm("scored", report.effect.scored), _arm("control", report.effect.control)]
    header = ("group", "leads", "won", "calls per win", "cost per win", "revenue")
    out.print(table("By intention to treat", header, rows))
    _show_differences(report.effect)


def _show_differences(effect: EffectReport) -> None:
    rows = [
        ("conversion rate", _interval(effect.wins.difference, 100, " points")),
        ("calls a lead", _interval(effect.calls_per_lead)),
        ("revenue a lead", _interval(effect.revenue_per_lead)),
    ]
    out.print(table("With scores, less without", ("", "difference (95 % interval)"), rows))
    difference = effect.wins.difference
    verdict = "more" if difference.low > 0 else "fewer" if difference.high < 0 else ""
    if verdict:
        out.print(f"Scores bring {verdict} wins than chance explains.")
    else:
        out.print(f"No effect is proven; this many leads could have shown {effect.detectable:.2%} points or more.")


def _arm(name: str, figures: ArmFigures) -> tuple[str, ...]:
    cost = "not stated" if figures.cost_per_win is None else _interval(figures.cost_per_win)
    counts = f"{figures.leads:,}", f"{figures.won:,}"
    return name, *counts, _interval(figures.calls_per_win), cost, f"{figures.revenue:,.0f}"


def _interval(estimate: IntervalEstimate, times: float = 1.0, unit: str = "") -> str:
    value, low, high = (times * bound for bound in (estimate.value, estimate.low, estimate.high))
    if not isfinite(value):
        return "no win"
    return f"{value:,.2f}{unit} ({low:,.2f} to {high:,.2f})" if isfinite(high) else f"{value:,.2f}{unit} (≥ {low:,.2f})"
