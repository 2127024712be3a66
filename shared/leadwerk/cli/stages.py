"""`leadwerk stages`: the funnel, and the chance of one lead to reach the next stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from leadwerk.cli.console import out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.speech import Speech
from leadwerk.texts.facts import labelled
from leadwerk.texts.number_format import percent

if TYPE_CHECKING:
    from leadwerk.features.stage_model import StageModel
    from leadwerk.pipeline.serving.messages import ScoredLead
    from leadwerk.policy.model import Policy
    from leadwerk.report.stage_conversion import StageConversion, StageFunnel
    from leadwerk.scoring.stage_outlook import StageOutlook


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Sellers")(stages)


@shared_options(output_language=True)
def stages(
    call: Invocation,
    lead_id: Annotated[str | None, typer.Argument(help="A lead id; without one the funnel.")] = None,
    days: Annotated[int, typer.Option(min=7, max=3650, help="Leads that entered a stage in so many days.")] = 365,
) -> None:
    """Show how many leads reach the next stage within its horizon, by month; or one lead's chance of it.

    The chance is learned by `leadwerk retrain` from the stages that were recorded, and follows the lead's behaviour.

    Examples: `leadwerk stages --days 180` · `leadwerk stages 102938`
    """
    from leadwerk.pipeline.stage_funnel import read_funnel

    deployment = call.deployment
    if lead_id is not None:
        _show_lead(call, lead_id)
        return
    funnel = read_funnel(deployment.warehouse, deployment.policy, days=days, now=call.moment())
    model = deployment.stage_model()
    if call.prints_json({"funnel": funnel, "test": model.test if model else None}):
        return
    _show_funnel(funnel, model, deployment.policy, Speech.of(call))


def outlook_text(outlook: StageOutlook, policy: Policy, speech: Speech) -> str:
    """The chance as a sentence."""
    return speech.say(
        "stages.outlook",
        stage=_label(policy, speech, outlook.next_stage),
        days=outlook.horizon_days,
        chance=percent(speech.language, outlook.probability, 1),
    )


def _show_lead(call: Invocation, lead_id: str) -> None:
    scored = _scored(call, lead_id)
    if call.prints_json({"lead_id": lead_id, "stage": scored.stage, "stage_outlook": scored.stage_outlook}):
        return
    speech, policy = Speech.of(call), call.deployment.policy
    stage = _label(policy, speech, scored.stage) if scored.stage else "–"
    out.print(f"[bold]{escape(speech.say('stages.lead', lead=lead_id, stage=stage))}[/bold]")
    outlook = scored.stage_outlook
    out.print(escape(speech.say("stages.no_outlook") if outlook is None else outlook_text(outlook, policy, speech)))


def _scored(call: Invocation, lead_id: str) -> ScoredLead:
    """The lead scored as of the moment, without storing anything."""
    from leadwerk.pipeline import score as stage
    from leadwerk.pipeline.serving.messages import ScoreRequest

    deployment, now = call.deployment, call.moment()
    context = stage.ScoringRun(
        deployment.warehouse,
        deployment.policy,
        deployment.scorer(),
        now=now,
        stored_at=now,
        person_key=deployment.person_key,
        store=False,
        explained=False,
        stage_model=deployment.stage_model(),
    )
    report = stage.run(context, [ScoreRequest(lead_id=lead_id)])
    if report.refusals:
        raise report.refusals[0].error
    return report.scores[0]


def _show_funnel(funnel: StageFunnel, model: StageModel | None, policy: Policy, speech: Speech) -> None:
    if not funnel.stages:
        out.print(speech.say("stages.none"))
        return
    header = speech.columns("stage", "next_stage", "days", "month", "entered", "matured", "reached")
    rows = [_row(step, policy, speech) for step in (*funnel.stages, *funnel.months)]
    out.print(table("", header, rows))
    if model is None:
        out.print(speech.say("stages.no_model"))
    elif model.test is not None:
        test = model.test
        auc = "–" if test.auc is None else f"{test.auc:.3f}"
        error = percent(speech.language, test.calibration_error, 1)
        counts = {"contacts": test.contacts, "days": test.days, "advanced": test.advanced}
        out.print(speech.say("stages.test", expected=round(test.expected), auc=auc, error=error, **counts))


def _row(step: StageConversion, policy: Policy, speech: Speech) -> tuple[str, ...]:
    conversion = "–"
    if step.rate is not None and step.low is not None and step.high is not None:
        rate, low, high = (percent(speech.language, share, 0) for share in (step.rate, step.low, step.high))
        conversion = f"{rate} ({low} – {high})"
    return (
        _label(policy, speech, step.stage),
        _label(policy, speech, step.next_stage),
        f"{step.horizon_days}",
        f"{step.month:%Y-%m}" if step.month else speech.say("stages.whole_period"),
        f"{step.entered:,}",
        f"{step.matured:,}",
        conversion,
    )


def _label(policy: Policy, speech: Speech, name: str) -> str:
    labels = {stage.name: stage.labels for stage in policy.stages}
    return labelled(labels.get(name, {}), speech.language) or name
