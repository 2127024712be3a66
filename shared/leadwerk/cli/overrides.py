"""What a person decides on the command line: one lead's cluster, until when; and who decided what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import figure, out, print_json, table
from leadwerk.cli.options import AsJson, Deployment, Home, Now, day, deciding_moment, moment
from leadwerk.errors import InputError

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.override_list import ScoredOverride
    from leadwerk.pipeline.desk.overrides import OverrideRecord


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    for command in (override, overrides):
        app.command(rich_help_panel="Sellers")(command)


def override(
    lead_id: Annotated[str, typer.Argument(help="A lead that is known.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides that.")],
    cluster: Annotated[str | None, typer.Option(help="HOT, WARM, COLD or DISQUALIFIED.")] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why: sellers read it with the lead.")] = "",
    days: Annotated[int | None, typer.Option(help="For so many days after today; else for 30.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day, instead of --days.")] = None,
    released: Annotated[bool, typer.Option("--release", help="Leave the lead to the product again.")] = False,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Set the cluster of one lead, whatever its score says; recorded with name and reason, and never without an end.

    Cluster, recommended action and stage follow at once; score, points and all that is learned stay as they are.

    Examples: `leadwerk override 102938 --cluster HOT --by Eva --reason "met at the fair" --days 14` ·
    `leadwerk override 102938 --release --by Eva`
    """
    from leadwerk.pipeline.desk import overrides as words

    if released == (cluster is not None):
        raise InputError(
            "An override sets a cluster, or releases the lead.",
            field="cluster",
            value=cluster,
            remedy="Give --cluster HOT, WARM, COLD or DISQUALIFIED, or --release.",
        )
    here, at = Deployment.at(home), deciding_moment(now)
    if cluster is None:
        words.release(here.warehouse, here.policy, lead_id, by=by, reason=reason, now=at)
        word = None
    else:
        said = words.OverrideRequest(cluster=cluster, by=by, reason=reason, days=days, until=day(until, "until"))
        word = words.override(here.warehouse, here.policy, lead_id, said, at)
    score = _scored(here, lead_id, at)
    if as_json:
        print_json({"lead_id": lead_id, "override": word, "score": score})
        return
    out.print(_told(lead_id, word))
    out.print(f"Its score now says {score.cluster}: {score.action}" + (f", stage {score.stage}" if score.stage else ""))


def overrides(home: Home = None, now: Now = None, as_json: AsJson = False) -> None:
    """Show who overrode what, what the product would say of the lead, and when the override ends.

    Example: `leadwerk overrides`
    """
    from leadwerk.pipeline.desk.override_list import override_list

    here = Deployment.at(home)
    found = override_list(here.warehouse, here.policy, here.scorer(), moment(now))
    if as_json:
        print_json(found)
        return
    rows = [
        (one.lead_id, one.cluster or "", one.by, f"{one.set_at:%Y-%m-%d}", str(one.until), one.product.cluster,
         figure(one.product.score), figure(one.product.points), one.reason)
        for one in found
    ]  # fmt: skip
    header = ("lead", "cluster", "by", "since", "until", "product says", "score", "points", "why")
    out.print(table(f"{len(rows)} leads overridden", header, rows))


def _scored(here: Deployment, lead_id: str, at: datetime) -> ScoredOverride:
    """The lead scored at once, as the desk does it."""
    from leadwerk.pipeline import score as stage
    from leadwerk.pipeline.desk.override_list import ScoredOverride
    from leadwerk.pipeline.serving.messages import ScoreRequest

    asked = [ScoreRequest(lead_id=lead_id)]
    report = stage.run(here.warehouse, here.policy, here.scorer(), asked, now=at, stored_at=moment(None))
    if report.refusals:
        raise report.refusals[0].error
    return ScoredOverride.of(report.scores[0])


def _told(lead_id: str, word: OverrideRecord | None) -> str:
    if word is None:
        return f"[green]Lead {lead_id} is left to the product again.[/green]"
    instead = f" instead of {word.overrules}" if word.overrules and word.overrules != word.by else ""
    return f"[green]Lead {lead_id} is {word.cluster} until {word.until}, as {word.by} says{instead}.[/green]"
