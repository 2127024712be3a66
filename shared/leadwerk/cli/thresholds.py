"""`leadwerk threshold`: from what on a lead is HOT, why, what another threshold would bring; and to hold it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from leadwerk.cli.console import out, print_json, working
from leadwerk.cli.options import AsJson, Deployment, Home, Now, day, deciding_moment, moment, storing_moment
from leadwerk.errors import InputError

if TYPE_CHECKING:
    from leadwerk.pipeline.thresholds.forecast import Outlook
    from leadwerk.report.formatter import Formatter
    from leadwerk.scoring.seller_pools import Basis

PICTURE = "threshold.png"

BasisOption = Annotated[
    Literal["points", "model"] | None,
    typer.Option(help="Of points, or of the model's score; else whichever decides now.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help=_HELP, invoke_without_command=True, rich_markup_mode="markdown")
    family.callback()(show)
    family.command("set")(hold)
    family.command("release")(release)
    app.add_typer(family, name="threshold", rich_help_panel="Stages")


_HELP = """
From what on a lead is HOT today, why, and what another threshold would bring.

The policy names sellers with their hours, languages and regions (`capacity`). Every morning `--decide` compares the
leads that reached HOT in the look-back with the time there is for them, for each group of sellers who can serve the
same leads. More leads than time: the threshold rises; more time than leads: it falls; by one point a day at most,
within the policy's limits, and not for what chance alone does to a count.

The second table is the ladder: for each threshold how many leads a week, how many hours, how many wins to expect, and
what one more hour a week would bring. `--sellers` and `--hours` show it for another team; nothing is stored then.

Examples:

- `leadwerk threshold` shows, `leadwerk threshold --decide` decides first and notes lapsed picks (as every morning)
- `leadwerk threshold --sellers 3 --hours 25` as if three people had 25 hours a week each
- `leadwerk threshold set 55 --by Eva --why "trade fair" --until 2026-05-08` holds it there
"""


def show(
    context: typer.Context,
    decide: Annotated[bool, typer.Option("--decide", help="Decide today's first, unless that has been done.")] = False,
    sellers: Annotated[int | None, typer.Option(min=1, max=10_000, help="As if so many sold, to anybody.")] = None,
    hours: Annotated[float | None, typer.Option(min=0, max=168, help="As if each had so many hours a week.")] = None,
    basis: BasisOption = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The ladder as .png, .svg or .pdf.", show_default="in the reports"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="de, fr, it or en; else the policy's first.")] = None,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """See the help of the family."""
    if context.invoked_subcommand:
        return
    from leadwerk.cli import threshold_view as page
    from leadwerk.pipeline.desk.lapsed_picks import LapsedPicks, settle_lapsed
    from leadwerk.pipeline.thresholds import daily as stage, forecast as outlooks

    here, at = Deployment.at(home), storing_moment(now) if decide else moment(now)
    words = page.words(here.policy, language)
    team = outlooks.with_team(here.policy, sellers, hours)
    with working("Looking at leads and sellers"):
        report = (stage.run if decide else stage.current_thresholds)(here.warehouse, here.policy, at)
        lapsed = settle_lapsed(here.picks, at) if decide else LapsedPicks()
        chosen = basis or active_basis(here)
        found = outlooks.threshold_outlook(here.warehouse, team, chosen, at) if team.capacity.sellers else None
    picture = None if found is None else _drawn(here, found, words, plot)
    if as_json:
        noted = msgspec.to_builtins(lapsed) if decide else {}
        print_json({**msgspec.to_builtins(report), **noted, "outlook": found, "plot": picture})
        return
    if lapsed.lapsed_picks:
        out.print(f"Picks that lapsed, and are noted now: {lapsed.lapsed_picks}.")
    for part in page.parts(report, found, words, here.policy, thought_of=team != here.policy, decided=decide):
        out.print(part)
    if picture:
        out.print(picture)


def hold(
    hot: Annotated[int, typer.Argument(help="From this value on a lead is HOT.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides that.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever wonders later.")],
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day; else until released.")] = None,
    segment: Annotated[str, typer.Option(help="Sellers joined by +, as the table shows them; else all.")] = "",
    basis: BasisOption = None,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Hold the threshold at a value within the policy's limits, whatever the load; recorded with name and reason.

    Example: `leadwerk threshold set 55 --by Eva --why "trade fair" --until 2026-05-08`
    """
    _say(home, now, as_json, hot, by=by, why=why, until=until, segment=segment, basis=basis)


def release(
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides that.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever wonders later.")],
    segment: Annotated[str, typer.Option(help="Sellers joined by +, as the table shows them; else all.")] = "",
    basis: BasisOption = None,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Let a held threshold follow the load again, from where it is, a point a day.

    Example: `leadwerk threshold release --by Eva --why "the fair is over"`
    """
    _say(home, now, as_json, None, by=by, why=why, until=None, segment=segment, basis=basis)


def _say(
    home: Path | None, now: str | None, as_json: bool, hot: int | None, *, by: str, why: str, until: str | None,
    segment: str, basis: Basis | None,
) -> None:  # fmt: skip
    from leadwerk.pipeline.thresholds.manual_hold import hold

    here, at, last = Deployment.at(home), deciding_moment(now), day(until, "until")
    chosen = basis or active_basis(here)
    row = hold(here.warehouse, here.policy, chosen, hot, author=by, reason=why, now=at, until=last, seller_pool=segment)
    if as_json:
        print_json(row)
        return
    end = f" until {last}" if last else ""
    out.print(f"[green]HOT from {hot}{end}[/green]" if hot is not None else "[green]It follows the load again.[/green]")


def active_basis(here: Deployment) -> Basis:
    """What decides now: the model if there is a champion and points do not outrank it."""
    if here.policy.decision.rank_by == "points" or here.registry.champion() is None:
        return "points" if here.policy.points.rules else "model"
    return "model"


def _drawn(here: Deployment, found: Outlook, words: Formatter, plot: Path | None) -> str:
    """Write the ladder as a picture, beside the reports unless a file is named; says where."""
    from leadwerk.cli.threshold_view import chart_words
    from leadwerk.pipeline import wiring
    from leadwerk.report.threshold_outlook_chart import outlook_chart

    name = str(plot or PICTURE)
    data = outlook_chart(found.rungs, chart_words(found, words), today=found.today, hours=found.hours, file=name)
    if plot is None:
        wiring.reports(here.settings).write(PICTURE, data, content_type="image/png")
        return f"{here.settings.reports.rstrip('/')}/{PICTURE}"
    try:
        plot.write_bytes(data)
    except OSError as error:
        raise InputError(
            f"{plot} cannot be written: {error.strerror}.", field="plot", value=name, remedy="Name another file."
        ) from error
    return name
