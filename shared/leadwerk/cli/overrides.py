"""`leadwerk overrides`: a person decides one lead's cluster, until when; and who decided what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from leadwerk.cli.console import figure, out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import day, moment
from leadwerk.cli.speech import Speech

if TYPE_CHECKING:
    from datetime import datetime

    from leadwerk.cli.options import Deployment
    from leadwerk.pipeline.desk.override_list import ScoredOverride
    from leadwerk.pipeline.desk.overrides import OverrideRecord

LeadId = Annotated[str, typer.Argument(help="A lead id.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="Decide the cluster of single leads by hand, for a limited time.", no_args_is_help=True)
    for name, command in (("set", set_override), ("clear", clear), ("list", list_overrides)):
        family.command(name)(command)
    app.add_typer(family, name="overrides", rich_help_panel="Sellers")


@shared_options(output_language=True)
def set_override(
    call: Invocation,
    lead_id: LeadId,
    cluster: Annotated[str, typer.Option(help="HOT, WARM, COLD or DISQUALIFIED.")],
    by: By,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason; sellers read it with the lead.")],
    days: Annotated[int | None, typer.Option(help="Number of days after today (default: 30).")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Last day, instead of --days.")] = None,
) -> None:
    """Set the cluster of one lead whatever its score; recorded with name and reason, and always with an end.

    Cluster, recommended action and stage follow at once. Score, points and all that models learn from stay as they are.

    Example: `leadwerk overrides set 102938 --cluster HOT --by Eva --reason "met at the fair" --days 14`
    """
    from leadwerk.pipeline.desk.overrides import OverrideRequest, override

    deployment, at = call.deployment, call.deciding_moment()
    request = OverrideRequest(cluster=cluster, by=by, reason=reason, days=days, until=day(until, "until"))
    record = override(deployment.warehouse, deployment.policy, lead_id, request, at)
    _answer(call, lead_id, record, _score(deployment, lead_id, at))


@shared_options(output_language=True)
def clear(
    call: Invocation,
    lead_id: LeadId,
    by: By,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason.")] = "",
) -> None:
    """End the override of a lead: its score decides again.

    Example: `leadwerk overrides clear 102938 --by Eva`
    """
    from leadwerk.pipeline.desk.overrides import release

    deployment, at = call.deployment, call.deciding_moment()
    release(deployment.warehouse, deployment.policy, lead_id, by=by, reason=reason, now=at)
    _answer(call, lead_id, None, _score(deployment, lead_id, at))


@shared_options(output_language=True)
def list_overrides(call: Invocation) -> None:
    """List the active overrides: author, reason, end, and what the product would decide.

    Example: `leadwerk overrides list`
    """
    from leadwerk.pipeline.desk.override_list import override_list

    deployment = call.deployment
    overrides = override_list(deployment.warehouse, deployment.policy, deployment.scorer(), call.moment())
    if call.prints_json(overrides):
        return
    rows = [
        (override.lead_id, override.cluster or "", override.by, f"{override.set_at:%Y-%m-%d}", str(override.until),
         override.product.cluster, figure(override.product.score), figure(override.product.points), override.reason)
        for override in overrides
    ]  # fmt: skip
    speech = Speech.of(call)
    header = speech.columns("lead", "cluster", "by", "since", "until", "product", "score", "points", "reason")
    out.print(table(speech.number_of(rows, "overrides"), header, rows))


def _score(deployment: Deployment, lead_id: str, at: datetime) -> ScoredOverride:
    """Score the lead at once, as the desk does."""
    from leadwerk.pipeline import score as stage
    from leadwerk.pipeline.desk.override_list import ScoredOverride
    from leadwerk.pipeline.serving.messages import ScoreRequest

    requests = [ScoreRequest(lead_id=lead_id)]
    run = stage.ScoringRun(deployment.warehouse, deployment.policy, deployment.scorer(), now=at, stored_at=moment(None))
    report = stage.run(run, requests)
    if report.refusals:
        raise report.refusals[0].error
    return ScoredOverride.of(report.scores[0])


def _answer(call: Invocation, lead_id: str, record: OverrideRecord | None, score: ScoredOverride) -> None:
    if call.prints_json({"lead_id": lead_id, "override": record, "score": score}):
        return
    speech = Speech.of(call)
    out.print(f"[green]{escape(_sentence(lead_id, record, speech))}[/green]")
    key = "override.score_stage" if score.stage else "override.score"
    out.print(escape(speech.say(key, cluster=score.cluster, action=score.action, stage=score.stage)))


def _sentence(lead_id: str, record: OverrideRecord | None, speech: Speech) -> str:
    if record is None:
        return speech.say("override.none", lead=lead_id)
    is_replaced = record.overrules is not None and record.overrules != record.by
    return speech.say(
        "override.replaced" if is_replaced else "override.set",
        lead=lead_id,
        cluster=record.cluster,
        until=record.until,
        by=record.by,
        before=record.overrules,
    )
