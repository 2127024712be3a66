"""`leadwerk thresholds`: where HOT starts, why, what another threshold would change; and to hold it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from leadwerk.cli.console import out, print_json
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import day
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from datetime import datetime

    from leadwerk.cli.options import Deployment
    from leadwerk.pipeline.desk.lapsed_picks import LapsedPicks
    from leadwerk.pipeline.thresholds.daily import ThresholdReport
    from leadwerk.policy.model import Policy
    from leadwerk.report.formatter import Formatter
    from leadwerk.report.threshold_outlook_table import Outlook
    from leadwerk.scoring.seller_pools import Basis
    from leadwerk.warehouse.records import ThresholdHoldRow

PICTURE = "threshold.png"

BasisOption = Annotated[
    Literal["points", "model"] | None,
    typer.Option(
        help="Scale of the threshold: points, or the model's score (default: the active basis).", show_default=False
    ),
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason; shown beside the threshold.")]
SellerPool = Annotated[
    str, typer.Option("--seller-pool", help="Sellers joined by +, as the table shows them (default: all).")
]
Plot = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Picture of the outlook: .png, .svg or .pdf.", show_default="in the reports"),
]

_HELP = """
Where HOT starts today, why, and what another threshold would change.

The policy names sellers with their hours, languages and regions (`capacity`). Every morning `decide` compares the leads
that newly reached HOT in the look-back with the time there is for them, for each pool of sellers who can serve the same
leads. More leads than time: the threshold rises; more time than leads: it falls; by one point a day at most, within the
policy's limits, and not for what chance alone does to a count.

Examples:

- `leadwerk thresholds show --sellers 3 --hours 25` simulates three sellers with 25 hours a week each
- `leadwerk thresholds decide` decides, records expired picks and measures KPIs, as the schedule does every morning
- `leadwerk thresholds hold 55 --by Eva --reason "trade fair" --until 2026-05-08` keeps the threshold at 55
"""


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")
    for command in (show, decide, hold, release):
        family.command()(command)
    app.add_typer(family, name="thresholds", rich_help_panel="Stages")


@shared_options(output_language=True)
def show(
    call: Invocation,
    sellers: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Simulate this many sellers, each able to serve every lead.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(min=0, max=168, help="Simulate this many hours a week for each seller.")
    ] = None,
    basis: BasisOption = None,
    plot: Plot = None,
) -> None:
    """Show today's HOT threshold, why it was chosen, and what a different one would change.

    Example: `leadwerk thresholds show`
    """
    from leadwerk.pipeline.thresholds import daily, forecast

    deployment, at = call.deployment, call.moment()
    team = forecast.with_team(deployment.policy, sellers, hours)
    with working(Speech.of_reader(call), "thresholds.looking", as_json=call.as_json):
        report = daily.current_thresholds(deployment.warehouse, deployment.policy, at)
        outlook = _outlook(deployment, team, basis, at)
    _answer(call, report, outlook, plot, team)


@shared_options(output_language=True)
def decide(call: Invocation, basis: BasisOption = None, plot: Plot = None) -> None:
    """Start the day, unless that is done: decide thresholds, record expired picks, measure KPIs; show the thresholds.

    Example: `leadwerk thresholds decide`
    """
    from leadwerk.pipeline.desk.lapsed_picks import settle_lapsed
    from leadwerk.pipeline.kpis import daily as kpis
    from leadwerk.pipeline.thresholds import daily

    deployment, at = call.deployment, call.storing_moment()
    with working(Speech.of_reader(call), "thresholds.deciding", as_json=call.as_json):
        report = daily.run(deployment.warehouse, deployment.policy, at)
        lapsed = settle_lapsed(deployment.picks, at)
        kpis.run(deployment.warehouse, deployment.policy, at)
        outlook = _outlook(deployment, deployment.policy, basis, at)
    _answer(call, report, outlook, plot, deployment.policy, lapsed)


def _outlook(deployment: Deployment, team: Policy, basis: Basis | None, at: datetime) -> Outlook | None:
    """None without sellers: then no threshold is ever decided."""
    from leadwerk.pipeline.thresholds.forecast import threshold_outlook

    if not team.capacity.sellers:
        return None
    return threshold_outlook(deployment.warehouse, team, basis or active_basis(deployment), at)


def _answer(
    call: Invocation, report: ThresholdReport, outlook: Outlook | None, plot: Path | None, team: Policy,
    lapsed: LapsedPicks | None = None,
) -> None:  # fmt: skip
    """Print report and outlook; `team` has the sellers of the outlook, `lapsed` is there after a decision."""
    from leadwerk.cli import threshold_view

    deployment = call.deployment
    formatter = threshold_view.formatter(deployment.policy, call.language)
    picture = None if outlook is None else _draw(deployment, outlook, formatter, plot)
    if call.as_json:
        recorded = msgspec.to_builtins(lapsed) if lapsed else {}
        print_json({**msgspec.to_builtins(report), **recorded, "outlook": outlook, "plot": picture})
        return
    if lapsed and lapsed.lapsed_picks:
        out.print(Speech.of(call).say("thresholds.lapsed", picks=lapsed.lapsed_picks))
    is_simulated, is_decided = team != deployment.policy, lapsed is not None
    for part in threshold_view.parts(
        report, outlook, formatter, deployment.policy, thought_of=is_simulated, decided=is_decided
    ):
        out.print(part)
    if picture:
        out.print(picture)


@shared_options()
def hold(
    call: Invocation,
    hot: Annotated[int, typer.Argument(help="HOT starts at this value.")],
    by: By,
    reason: Reason,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Last day (default: until released).")] = None,
    seller_pool: SellerPool = "",
    basis: BasisOption = None,
) -> None:
    """Hold the threshold at a value within the policy's limits, whatever the load; recorded with name and reason.

    Example: `leadwerk thresholds hold 55 --by Eva --reason "trade fair" --until 2026-05-08`
    """
    row = _hold(call, hot, author=by, reason=reason, until=day(until, "until"), seller_pool=seller_pool, basis=basis)
    if call.prints_json(row):
        return
    speech = Speech.of_reader(call)
    sentence = (
        speech.say("thresholds.held_until", hot=hot, day=until) if until else speech.say("thresholds.held", hot=hot)
    )
    out.print(f"[green]{sentence}[/green]")


@shared_options()
def release(call: Invocation, by: By, reason: Reason, seller_pool: SellerPool = "", basis: BasisOption = None) -> None:
    """End a hold: the threshold follows the load again, from where it is, by a point a day.

    Example: `leadwerk thresholds release --by Eva --reason "the fair is over"`
    """
    row = _hold(call, None, author=by, reason=reason, until=None, seller_pool=seller_pool, basis=basis)
    if call.prints_json(row):
        return
    out.print(f"[green]{Speech.of_reader(call).say('thresholds.released')}[/green]")


def _hold(call: Invocation, hot: int | None, *, basis: Basis | None, **stated: Any) -> ThresholdHoldRow:
    from leadwerk.pipeline.thresholds.manual_hold import HoldRequest, hold

    deployment, at = call.deployment, call.deciding_moment()
    request = HoldRequest(basis=basis or active_basis(deployment), hot=hot, **stated)
    return hold(deployment.warehouse, deployment.policy, request, at)


def active_basis(deployment: Deployment) -> Basis:
    """What decides now: the model if there is a champion and points do not outrank it."""
    if deployment.policy.decision.rank_by == "points" or deployment.registry.champion() is None:
        return "points" if deployment.policy.points.rules else "model"
    return "model"


def _draw(deployment: Deployment, outlook: Outlook, formatter: Formatter, plot: Path | None) -> str:
    """Write the outlook as a picture, beside the reports unless a file is named; returns its place."""
    from leadwerk.cli.threshold_view import chart_labels
    from leadwerk.pipeline import wiring
    from leadwerk.report.threshold_outlook_chart import outlook_chart

    name = str(plot or PICTURE)
    data = outlook_chart(
        outlook.rungs, chart_labels(outlook, formatter), today=outlook.today, hours=outlook.hours, file=name
    )
    if plot is None:
        wiring.reports(deployment.settings).write(PICTURE, data, content_type="image/png")
        return f"{deployment.settings.reports.rstrip('/')}/{PICTURE}"
    try:
        plot.write_bytes(data)
    except OSError as error:
        raise InputError(
            Message("import.unwritable", path=plot, reason=error.strerror), field="plot", value=name
        ) from error
    return name
