"""Operations: the chain as stations, what the CRM refuses, what could not be read, drift, anomalies, and the models."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.champion_change import ChampionChange
from leadwerk.pipeline.dead_letters import read_dead_letters
from leadwerk.pipeline.desk import stations
from leadwerk.pipeline.drift.check_rows import latest_checks
from leadwerk.pipeline.health import Health
from leadwerk.pipeline.read_results import ResultsRequest, readable_alerts
from leadwerk.report.drift_section import anomaly_sentences
from leadwerk.report.formatter import Formatter
from leadwerk.report.kpi_section import alert_sentence
from leadwerk.report.report_rows import StoredTrainingRun
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message, in_language
from leadwerk.warehouse.statement import statement
from leadwerk.web import Answer
from leadwerk.web.pages.cached import cached, cached_figures, forget
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.visit import Visit

RUNS = 20
DRIFT_SECONDS = 900.0
DRIFTS, SHIFTS = 0.1, 0.25
"""Stability index: below the first the leads are those of the training, above the second they are others."""


class RollbackForm(Struct, frozen=True):
    """Why the champion before is to serve again."""

    reason: str | None = None


@dataclass(frozen=True)
class DriftView:
    """The champion's age and drift in words."""

    text: str
    light: str


def show(visit: Visit, _: NoForm) -> Answer:
    """The page."""
    wording = Wording(visit.policy, visit.language, visit.now)
    formatter = Formatter(visit.language, visit.policy)
    alerts = readable_alerts(visit.warehouse, visit.policy, ResultsRequest(now=visit.now), cached_figures)
    registry = wiring.registry(visit.config)
    champion = registry.champion()
    return render(
        visit,
        "operations.html",
        menu_entry="operations",
        stations=stations.stations(visit.warehouse, visit.now),
        letters=[
            (f"{letter.code} {letter.field or ''}".strip(), letter.example, letter.remedy, wording.number(letter.leads))
            for letter in read_dead_letters(visit.warehouse, visit.policy, visit.now)
        ],
        rejections=[
            (
                f"{row.source}, {row.field}",
                in_language(row.reason_text, visit.language),
                wording.number(row.rejected),
                wording.ago(row.newest),
            )
            for row in stations.rejections(visit.warehouse, visit.now)
        ],
        drift=champion_drift(visit, wording),
        anomalies=anomaly_sentences(formatter, latest_checks(visit.warehouse, visit.now)),
        alerts=[alert_sentence(formatter, alert) for alert in alerts],
        has_limits=bool(visit.policy.kpi_limits),
        champion=champion,
        runs=_runs(visit, wording),
    )


def roll_back(visit: Visit, form: RollbackForm) -> Answer:
    """Let the champion before the present one serve again."""
    if not (form.reason or "").strip():
        remedy = Message("refusal.rollback.remedy")
        raise InputError(Message("refusal.rollback"), field="reason", remedy=remedy)
    registry = wiring.registry(visit.config)
    ChampionChange(registry, visit.warehouse, visit.name, form.reason or "").roll_back(visit.now)
    forget()
    return redirect("/operations", "rolled_back")


def champion_drift(visit: Visit, wording: Wording) -> DriftView | None:
    """The champion's age and drift; None without one."""
    registry = wiring.registry(visit.config)
    champion = registry.champion()
    if champion is None:
        return None
    manifest = registry.manifest(champion.version)

    def read() -> Health:
        return stations.champion_health(visit.warehouse, visit.policy, manifest, visit.now)

    health = cached(("drift", manifest.version, visit.now.date()), read, DRIFT_SECONDS)
    age = wording.say("page.champion_age", days=wording.number(health.age_days or 0, 1))
    if health.drift is None:
        return DriftView(f"{age} {wording.say('page.drift.unknown')}", "grey")
    light = "green" if health.drift < DRIFTS else "amber" if health.drift < SHIFTS else "red"
    sentence = wording.say(f"page.drift.{light}", feature=health.drifted, drift=wording.number(health.drift, 2))
    return DriftView(f"{age} {sentence}", light)


def _runs(visit: Visit, wording: Wording) -> list[tuple[str, str, str, str]]:
    rows = visit.warehouse.rows(statement("model_runs/history", StoredTrainingRun), {"as_of": visit.now, "most": RUNS})
    return [
        (
            wording.moment(row.trained_at),
            row.model_version or "–",
            wording.say("page.yes" if row.promoted else "page.no"),
            in_language(row.why(), visit.language),
        )
        for row in rows
    ]
