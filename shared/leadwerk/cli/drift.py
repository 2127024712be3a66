"""`leadwerk drift`: whether leads and outcomes are still like those that the champion learned from, and anomalies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import figure, out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.texts.message import in_language

if TYPE_CHECKING:
    from leadwerk.features.drift_check import DriftCheck


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Stages")(drift)


@shared_options()
def drift(
    call: Invocation,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train at once if an alarm asks for it.")] = False,
) -> None:
    """Check features, missing values, scores and outcomes against the champion's training data, and store the checks.

    Examples: `leadwerk drift` · `leadwerk drift --retrain`
    """
    from leadwerk.pipeline import drift_monitor, retrain as training

    deployment, now, speech = call.deployment, call.storing_moment(), Speech.of_reader(call)
    parts = deployment.warehouse, deployment.policy, deployment.registry
    with working(speech, "drift.running", as_json=call.as_json):
        report = drift_monitor.run(*parts, now=now)
    trained = None
    if retrain and report.training_due:
        with working(speech, "retrain.running", as_json=call.as_json) as progress:
            trained = training.run(*parts, now=now, progress=progress)
    if call.prints_json({"drift": report, "training": trained}):
        return
    if report.model_version is None:
        out.print(speech.say("drift.no_champion"))
        if not report.checks:
            return
    header = speech.columns("monitor", "state", "statistic", "limit", "leads", "drivers")
    out.print(table(speech.say("drift.title"), header, [_row(check, speech) for check in report.checks]))
    if report.training_due:
        key, reason = ("due", report.training_due) if trained is None else ("trained", trained.reason)
        out.print(speech.say(f"drift.{key}", reason=in_language(reason, speech.language)))


def _row(check: DriftCheck, speech: Speech) -> tuple[str, ...]:
    state = speech.say(f"drift.state.{'alarm' if check.alarm else 'few' if check.statistic is None else 'quiet'}")
    drivers = ", ".join(f"{driver.name} {figure(driver.statistic)}" for driver in check.drivers)
    return check.monitor, state, figure(check.statistic), figure(check.alarm_limit), figure(check.leads), drivers
