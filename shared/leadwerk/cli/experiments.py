"""`leadwerk experiment`: how large an experiment must be, and what it shows."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech

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
    speech = Speech.of_reader(call)
    rows = [
        (f"{share:g} %", f"+{effect:.2%}", speech.say("experiment.more", share=f"{effect / rate:.0%}"))
        for share, effect in effects.items()
    ]
    header = speech.columns("control_group", "points", "relative")
    out.print(table(speech.say("experiment.smallest"), header, rows))
    if min(effects.values()) > rate:
        out.print(speech.say("experiment.doubling"))


@shared_options()
def show(call: Invocation) -> None:
    """Show wins, calls, cost and revenue of both groups as they were assigned, with 95 % intervals.

    Example: `leadwerk experiment show --json`
    """
    from leadwerk.pipeline import experiment_effect as stage

    deployment, speech = call.deployment, Speech.of_reader(call)
    with working(speech, "experiment.reading", as_json=call.as_json):
        report = stage.run(deployment.warehouse, deployment.policy, deployment.registry, now=call.moment())
    if call.prints_json(report):
        return
    counts = ", ".join(f"{number:,} {arm}" for arm, number in report.leads.items())
    matured = f"{report.matured:,}"
    out.print(speech.say("experiment.title", name=report.experiment, counts=counts, matured=matured))
    if report.effect is None:
        out.print(speech.say("experiment.few"))
        return
    arms = {"experiment.scored": report.effect.scored, "experiment.control": report.effect.control}
    header = speech.columns("group", "leads", "won", "calls_per_win", "cost_per_win", "revenue")
    rows = [_arm(speech.say(key), figures, speech) for key, figures in arms.items()]
    out.print(table(speech.say("experiment.by_intention"), header, rows))
    _show_differences(report.effect, speech)


def _show_differences(effect: EffectReport, speech: Speech) -> None:
    difference = effect.wins.difference
    rows = [
        (speech.say("experiment.rate"), _interval(difference, speech, is_rate=True)),
        (speech.say("experiment.calls"), _interval(effect.calls_per_lead, speech)),
        (speech.say("experiment.revenue"), _interval(effect.revenue_per_lead, speech)),
    ]
    out.print(table(speech.say("experiment.differences"), ("", *speech.columns("difference")), rows))
    if difference.low > 0 or difference.high < 0:
        out.print(speech.say("experiment.more_wins" if difference.low > 0 else "experiment.fewer_wins"))
    else:
        out.print(speech.say("experiment.unproven", share=f"{effect.detectable:.2%}"))


def _arm(name: str, figures: ArmFigures, speech: Speech) -> tuple[str, ...]:
    cost = speech.say("experiment.not_stated")
    if figures.cost_per_win is not None:
        cost = _interval(figures.cost_per_win, speech)
    counts = f"{figures.leads:,}", f"{figures.won:,}"
    return name, *counts, _interval(figures.calls_per_win, speech), cost, f"{figures.revenue:,.0f}"


def _interval(estimate: IntervalEstimate, speech: Speech, *, is_rate: bool = False) -> str:
    """An estimate with its interval; a rate in percentage points."""
    value, low, high = ((100 if is_rate else 1) * bound for bound in (estimate.value, estimate.low, estimate.high))
    if not isfinite(value):
        return speech.say("interval.no_win")
    text = f"{value:,.2f}"
    text = speech.say("experiment.rate_points", value=text) if is_rate else text
    if not isfinite(high):
        return f"{text} (≥ {low:,.2f})"
    return speech.say("interval", value=text, low=f"{low:,.2f}", high=f"{high:,.2f}")
