"""The policy's experiment as the page of operations shows it: who takes part, and what scores bring, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from leadwerk.pipeline import wiring
from leadwerk.report.wording import Wording
from leadwerk.web.pages.cached import cached_figures
from leadwerk.web.pages.visit import Visit

if TYPE_CHECKING:
    from leadwerk.experiment.effect import IntervalEstimate
    from leadwerk.experiment.report import ArmFigures, EffectReport
    from leadwerk.pipeline.experiment_effect import ExperimentReport


@dataclass(frozen=True)
class ExperimentView:
    """Who takes part, the answer in a sentence, and rows: of each group, and of the differences between them."""

    participants: str
    answer: str
    groups: tuple[tuple[str, ...], ...] = ()
    differences: tuple[tuple[str, str], ...] = ()


def experiment_view(visit: Visit, wording: Wording) -> ExperimentView | None:
    """The experiment so far, at most a quarter of an hour old; None where the policy has none."""
    if visit.policy.experiment is None:
        return None

    def read() -> ExperimentReport:
        # Imported where it is used: few deployments measure, and all others start without it.
        from leadwerk.pipeline import experiment_effect

        return experiment_effect.run(visit.warehouse, visit.policy, wiring.registry(visit.config), now=visit.now)

    report = cached_figures(("experiment", visit.policy.version, visit.now.date()), read)
    participants = wording.say(
        "page.experiment.participants",
        name=report.experiment,
        matured=wording.number(report.matured),
        **{arm: wording.number(leads) for arm, leads in report.leads.items()},
    )
    if report.effect is None:
        return ExperimentView(participants, wording.say("page.experiment.few"))
    effect = report.effect
    groups = _group(wording, "scored", effect.scored), _group(wording, "control", effect.control)
    return ExperimentView(participants, _answer(wording, effect), groups, _differences(wording, effect))


def _answer(wording: Wording, effect: EffectReport) -> str:
    """Whether scores bring wins: only what the interval allows to say."""
    difference = effect.wins.difference
    if difference.low > 0:
        return wording.say("page.experiment.more")
    if difference.high < 0:
        return wording.say("page.experiment.fewer")
    return wording.say("page.experiment.chance", share=wording.percent(effect.detectable, 1))


def _group(wording: Wording, name: str, figures: ArmFigures) -> tuple[str, ...]:
    counts = wording.number(figures.leads), wording.number(figures.won)
    return wording.say(f"page.experiment.{name}"), *counts, interval_text(wording, figures.calls_per_win)


def _differences(wording: Wording, effect: EffectReport) -> tuple[tuple[str, str], ...]:
    return (
        (wording.say("page.experiment.rate"), interval_text(wording, effect.wins.difference, is_rate=True)),
        (wording.say("page.experiment.calls"), interval_text(wording, effect.calls_per_lead)),
        (wording.say("page.experiment.revenue"), interval_text(wording, effect.revenue_per_lead)),
    )


def interval_text(wording: Wording, estimate: IntervalEstimate, *, is_rate: bool = False) -> str:
    """An estimate with its interval; before the first win it says so."""

    def figure(value: float) -> str:
        return wording.percent(value, 1) if is_rate else wording.number(value, 2)

    if not isfinite(estimate.value):
        return wording.say("page.experiment.no_win")
    high = figure(estimate.high) if isfinite(estimate.high) else "∞"
    return wording.say("page.interval", value=figure(estimate.value), low=figure(estimate.low), high=high)
