"""A simulated market to try everything on."""

from __future__ import annotations

from typing import Annotated

import typer

from leadwerk.cli.console import out
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import moment
from leadwerk.cli.progress_bar import working
from leadwerk.cli.report_view import show
from leadwerk.cli.speech import Speech


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Tools")(simulate)


@shared_options(now=False)
def simulate(
    call: Invocation,
    days: Annotated[int, typer.Option(help="Length of the simulated period.")] = 180,
    leads: Annotated[int, typer.Option(help="Number of people who ask for a mortgage.")] = 12_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same market.")] = 7,
    shock_day: Annotated[
        int | None, typer.Option(help="From this day on banks are stricter.", show_default=False)
    ] = None,
    publish: Annotated[
        str | None, typer.Option(metavar="TIME", help="Publish the GA4 export as of this moment (default: the end).")
    ] = None,
) -> None:
    """Simulate a mortgage market: GA4 events, leads, a CRM with outcomes, and the truth, which no model sees.

    Example: `leadwerk simulate --days 60 --leads 2000`, then `leadwerk extract`, with `leadwerk serve` for the CRM
    """
    from datetime import UTC, datetime, timedelta

    from leadwerk import simulation

    folder = call.deployment.settings.home
    with working(Speech.of_reader(call), "simulate.running", as_json=call.as_json):
        market = simulation.simulate(folder, days=days, leads=leads, seed=seed, shock_day=shock_day)
        end = datetime.combine(market.start, datetime.min.time(), UTC) + timedelta(days=days)
        simulation.publish(folder, moment(publish) if publish else end)
    show(call, market, "simulate.done")
    if not call.as_json:
        speech = Speech.of_reader(call)
        out.print(speech.say("simulate.places", export=f"{folder}/ga4.duckdb", cases=f"{folder}/market"))
