"""Report: renders the stored data as one page in a folder or bucket; writes nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from leadwerk.catalogue.languages import Language, supported_language
from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.errors import InputError
from leadwerk.pipeline.customers import read_customers
from leadwerk.pipeline.drift.check_rows import latest_checks
from leadwerk.pipeline.health import Health, health_of
from leadwerk.pipeline.read_results import ResultsRequest, read_results
from leadwerk.pipeline.report_written import ReportWritten
from leadwerk.pipeline.serving.newest_stage_model import newest_stage_model
from leadwerk.pipeline.stage_funnel import read_funnel
from leadwerk.policy.model import Policy
from leadwerk.registry import Registry, Store
from leadwerk.registry.manifest import CandidateEvaluation
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.page import render
from leadwerk.report.report_data import PointsOutcomes, ReportData, ScoredOutcomes, SimulationTruth, TrainingRun
from leadwerk.report.report_rows import (
    DeliveryCount,
    ExtractTotals,
    MatrixCount,
    PointsOutcome,
    ScoreCount,
    ScoredOutcome,
    StoredTrainingRun,
)
from leadwerk.report.results.customers import CustomerFindings
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import R, Statement, Warehouse
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.stats.arrays import Floats

RUNS = 12
NEWEST = "report.html"
FUNNEL_DAYS = 365


@dataclass(frozen=True)
class ReportTruth:
    """Truth of a simulation: the champion compared with the best model, and chances of (lead, moment) pairs."""

    simulation_truth: SimulationTruth
    chances: Callable[[Sequence[str], Sequence[datetime]], Floats]


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """A report as of `now` (aware, UTC) in a language (None: the policy's first), under a name in its store."""

    now: datetime
    language: str | None = None
    name: str = NEWEST
    truth: ReportTruth | None = None


def run(
    warehouse: Warehouse, policy: Policy, registry: Registry, store: Store, request: ReportRequest
) -> ReportWritten:
    """Write the report to `store`, replacing an earlier one of its name.

    Raises:
        InputError: the language is not supported.
    """
    facts = gather(warehouse, policy, registry, now=request.now, truth=request.truth, customers=read_customers(store))
    page = render(facts, _language(request.language, policy)).encode()
    store.write(request.name, page, content_type="text/html; charset=utf-8")
    health = health_of(warehouse, facts.champion, now=request.now)
    return _written(request.name, len(page), facts, health)


def gather(
    warehouse: Warehouse,
    policy: Policy,
    registry: Registry,
    *,
    now: datetime,
    truth: ReportTruth | None = None,
    customers: CustomerFindings | None = None,
) -> ReportData:
    """All data of the page, from the warehouse and the registry."""
    champion = registry.champion()
    first_day = (now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date()
    parameters = {
        "first_day": first_day,
        "scored_since": first_day,
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "as_of": now,
        "most": RUNS,
    }

    def rows(of: Statement[R]) -> list[R]:
        return warehouse.rows(of, parameters)

    with warehouse.unit_of_work():
        scored = rows(statement("scores/outcomes_by_score", ScoredOutcome))
        deliveries = rows(statement("deliveries/counts_by_state", DeliveryCount))
        cells = rows(statement("scores/matrix_counts", MatrixCount))
        return ReportData(
            policy=policy,
            now=now,
            champion=registry.manifest(champion.version) if champion else None,
            scored=ScoredOutcomes.of(scored, _true(truth, scored)),
            runs=[_run(row) for row in rows(statement("model_runs/history", StoredTrainingRun))],
            deliveries={(row.score_cluster, row.delivery): row.leads for row in deliveries},
            scores={row.predictive_score: row.leads for row in rows(statement("scores/distribution", ScoreCount))},
            cells={(row.matrix_cell, row.score_cluster): row.leads for row in cells},
            points_outcomes=PointsOutcomes.of(rows(statement("scores/outcomes_by_points", PointsOutcome))),
            extracted=rows(statement("extract_runs/totals", ExtractTotals))[0],
            simulation_truth=truth.simulation_truth if truth else None,
            drift=latest_checks(warehouse, now),
            funnel=read_funnel(warehouse, policy, days=FUNNEL_DAYS, now=now),
            stage_test=stage_model.test if (stage_model := newest_stage_model(registry)) else None,
            results=read_results(warehouse, policy, ResultsRequest(now=now, customers=customers)),
        )


def _true(truth: ReportTruth | None, scored: Sequence[ScoredOutcome]) -> Floats | None:
    if truth is None or not scored:
        return None
    return truth.chances([row.lead_id for row in scored], [row.scored_at for row in scored])


def _run(row: StoredTrainingRun) -> TrainingRun:
    metrics = msgspec.json.decode(row.metrics or "{}", type=dict[str, CandidateEvaluation])
    return TrainingRun(row.trained_at, row.model_version, row.promoted, row.why(), row.champion_before, metrics)


def _language(language: str | None, policy: Policy) -> Language:
    if language is None:
        return policy.languages[0]
    supported = supported_language(language)
    if supported is None:
        message, remedy = (
            Message("refusal.report_language", language=repr(language)),
            Message("refusal.report_language.remedy"),
        )
        raise InputError(message, field="language", value=language, remedy=remedy)
    return supported


def _written(name: str, size: int, facts: ReportData, health: Health) -> ReportWritten:
    savings, test = calls_saved(facts), facts.test
    return ReportWritten(
        name=name,
        bytes=size,
        scored_leads=len(facts.scored),
        auc=test.auc.value if test else None,
        ece=test.ece.value if test else None,
        lift_at_10=test.lift_at_10.value if test else None,
        calls_saved=savings.saved if savings else None,
        conversions_kept=savings.conversion_share if savings else None,
        champion_age_days=health.age_days,
        drift=health.drift,
        drifted=health.drifted,
    )
