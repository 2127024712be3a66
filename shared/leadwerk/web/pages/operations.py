"""Operations: the chain as stations, what the CRM refuses, what could not be read, drift, anomalies, and the models."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.features.contract import contract
from leadwerk.pipeline import wiring
from leadwerk.pipeline.champion_change import ChampionChange
from leadwerk.pipeline.dead_letters import DeadLetters, SendAgain, read_dead_letters, send_again
from leadwerk.pipeline.desk import stations
from leadwerk.pipeline.drift.check_rows import latest_checks
from leadwerk.pipeline.health import Health, health_of
from leadwerk.pipeline.read_results import ResultsRequest, readable_alerts
from leadwerk.policy.model import Policy
from leadwerk.report.drift_section import anomaly_sentences
from leadwerk.report.formatter import Formatter
from leadwerk.report.kpi_section import alert_sentence
from leadwerk.report.report_rows import StoredTrainingRun
from leadwerk.report.wording import Wording
from leadwerk.texts.facts import label
from leadwerk.texts.message import Message, in_language
from leadwerk.warehouse.statement import statement
from leadwerk.web import Answer
from leadwerk.web.pages.cached import cached_figures, forget
from leadwerk.web.pages.experiment_view import experiment_view
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.visit import Visit

RUNS = 20
RUNBOOK = {
    "none": "What runs when", "extract": "extract_late", "ingest": "ingest_late", "threshold": "threshold_late",
    "score": "rescore_late", "deliver": "deliver_late", "retrain": "retrain_late", "drift": "drift",
    "anomalies": "anomalies", "kpi_limits": "kpi_limits", "letters": "deliveries_dead_letter",
    "rejections": "feedback_rejected",
}  # fmt: skip
"""Sections of docs/operations.md on what is not green; the page says the remedies too: a desk may have no internet."""

DRIFTS, SHIFTS = 0.1, 0.25
"""Stability index: below the first the leads are those of the training, above the second they are others."""


class RollbackForm(Struct, frozen=True):
    """Why the champion before is to serve again."""

    reason: str | None = None


class SendAgainForm(Struct, frozen=True):
    """Which dead letters the next delivery is to try again, by their name, and why."""

    letter: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class FeatureView:
    """A feature's stability index with its light."""

    name: str
    index: str
    light: str


@dataclass(frozen=True)
class DriftView:
    """The champion's age and drift in words, and the features that differ most."""

    text: str
    light: str
    features: tuple[FeatureView, ...] = ()


def show(visit: Visit, _: NoForm) -> Answer:
    """The page."""
    wording = Wording(visit.policy, visit.language, visit.now)
    formatter = Formatter(visit.language, visit.policy)
    alerts = readable_alerts(visit.warehouse, visit.policy, ResultsRequest(now=visit.now), cached_figures)
    registry = wiring.registry(visit.config)
    champion = registry.champion()
    letters = read_dead_letters(visit.warehouse, visit.policy, visit.now)
    return render(
        visit,
        "operations.html",
        menu_entry="operations",
        stations=stations.stations(visit.warehouse, visit.now),
        letters=[
            (letter.name, letter.example, in_language(letter.remedy, visit.language), wording.number(letter.leads))
            for letter in letters
        ],
        sendable=[letter.name for letter in letters if letter.may_be_sent],
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
        experiment=experiment_view(visit, wording),
        champion=champion,
        runs=_runs(visit, wording),
        runbook=RUNBOOK,
    )


def roll_back(visit: Visit, form: RollbackForm) -> Answer:
    """Let the champion before the present one serve again."""
    if not (form.reason or "").strip():
        raise InputError(Message("refusal.rollback"), field="reason")
    registry = wiring.registry(visit.config)
    ChampionChange(registry, visit.warehouse, visit.name, form.reason or "").roll_back(visit.now)
    forget()
    return redirect("/operations", "rolled_back")


def send_letters_again(visit: Visit, form: SendAgainForm) -> Answer:
    """Let the next delivery try the dead letters of one reason again."""
    reason = (form.reason or "").strip()
    if not reason:
        remedy = Message("refusal.rollback.remedy")
        raise InputError(Message("refusal.letters"), field="reason", remedy=remedy)
    letter = _letter(visit, form.letter)
    order = SendAgain(letter.code, letter.field, by=visit.name, reason=reason)
    send_again(visit.warehouse, visit.policy, order, visit.now)
    forget()
    return redirect("/operations", "sent_again")


def _letter(visit: Visit, name: str | None) -> DeadLetters:
    letters = read_dead_letters(visit.warehouse, visit.policy, visit.now)
    letter = next((letter for letter in letters if letter.name == name and letter.may_be_sent), None)
    if letter is None:
        raise InputError(Message("refusal.letters.none"), field="letter", value=(name or "")[:60])
    return letter


def champion_drift(visit: Visit, wording: Wording) -> DriftView | None:
    """The champion's age and drift; None without one."""
    registry = wiring.registry(visit.config)
    champion = registry.champion()
    if champion is None:
        return None
    return drift_view(wording, health_of(visit.warehouse, registry.manifest(champion.version), now=visit.now))


def drift_view(wording: Wording, health: Health) -> DriftView:
    """A champion's health in words, with the features that differ most."""
    age = wording.say("page.champion_age", days=wording.number(health.age_days or 0, 1))
    if health.drift is None:
        return DriftView(f"{age} {wording.say('page.drift.unknown')}", "grey")
    light = _drift_light(health.drift)
    name = feature_label(wording.policy, wording.language, health.drifted or "")
    sentence = wording.say(f"page.drift.{light}", feature=name, drift=wording.number(health.drift, 2))
    features = [
        FeatureView(
            feature_label(wording.policy, wording.language, name), wording.number(index, 2), _drift_light(index)
        )
        for name, index in health.by_feature
    ]
    return DriftView(f"{age} {sentence}", light, tuple(features))


def feature_label(policy: Policy, language: str, name: str) -> str:
    """What a feature is called, with its own name, since several features may share a label.

    >>> from leadwerk.policy.load import load
    >>> feature_label(load("mortgage"), "de", "instalment")
    'Monatsrate (instalment)'
    """
    group = next((feature.group for feature in contract(policy) if feature.name == name), name)
    feature_text = label(policy, language, group)
    return feature_text if feature_text == name.replace("_", " ") else f"{feature_text} ({name})"


def _drift_light(index: float) -> str:
    return "green" if index < DRIFTS else "amber" if index < SHIFTS else "red"


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
