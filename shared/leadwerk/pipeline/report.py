"""Report: renders the stored data as one page in a folder or bucket; writes nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.errors import InputError
from leadwerk.pipeline.health import Health, health_of
from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language
from leadwerk.registry import Registry, Store
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.page import render
from leadwerk.report.report_data import PointsOutcomes, ReportData, ScoredOutcomes, SimulationTruth, TrainingRun
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.stats.arrays import Floats

RUNS = 12
NEWEST = "report.html"
LANGUAGES: tuple[Language, ...] = ("de", "fr", "it", "en")


@dataclass(frozen=True)
class ReportTruth:
    """Truth of a simulation: the champion compared with the best model, and chances of (lead, moment) pairs."""

    simulation_truth: SimulationTruth
    chances: Callable[[Sequence[str], Sequence[datetime]], Floats]


@dataclass(frozen=True)
class ReportWritten:
    """Name of the page in its store, and its main figures (None: not enough data yet).

    `drift`: stability index of the feature `drifted`, which changed most since training (pipeline.health).
    """

    name: str
    bytes: int
    scored_leads: int
    auc: float | None
    ece: float | None
    lift_at_10: float | None
    calls_saved: float | None
    conversions_kept: float | None
    champion_age_days: float | None
    drift: float | None
    drifted: str | None


def run(
    warehouse: Warehouse,
    policy: Policy,
    registry: Registry,
    store: Store,
    *,
    now: datetime,
    language: str | None = None,
    name: str = NEWEST,
    truth: ReportTruth | None = None,
) -> ReportWritten:
    """Write the report as of `now` (aware, UTC) to `store` under `name`, replacing an earlier one.

    Raises:
        InputError: the language is not supported.
    """
    facts = gather(warehouse, policy, registry, now=now, truth=truth)
    page = render(facts, _spoken(language, policy)).encode()
    store.write(name, page, content_type="text/html; charset=utf-8")
    health = health_of(warehouse, policy, facts.champion, now=now)
    return _written(name, len(page), facts, health)


def gather(
    warehouse: Warehouse, policy: Policy, registry: Registry, *, now: datetime, truth: ReportTruth | None = None
) -> ReportData:
    """All data of the page, from the warehouse and the registry."""
    champion = registry.champion()
    parameters = {
        "first_day": (now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date(),
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "as_of": now,
        "most": RUNS,
    }

    def rows(of: str) -> list[Row]:
        return warehouse.rows(statement(of), parameters)

    with warehouse.unit_of_work():
        scored = rows("scores/outcomes_by_score")
        return ReportData(
            policy=policy,
            now=now,
            champion=registry.manifest(champion.version) if champion else None,
            scored=ScoredOutcomes.of(scored, _true(truth, scored)),
            runs=[_run(row) for row in rows("model_runs/history")],
            deliveries={
                (row["score_cluster"], row["delivery"]): row["leads"] for row in rows("deliveries/counts_by_state")
            },
            scores={row["predictive_score"]: row["leads"] for row in rows("scores/distribution")},
            cells={(row["matrix_cell"], row["score_cluster"]): row["leads"] for row in rows("scores/matrix_counts")},
            points_outcomes=PointsOutcomes.of(rows("scores/outcomes_by_points")),
            extracted=rows("extract_runs/totals")[0],
            simulation_truth=truth.simulation_truth if truth else None,
        )


def _true(truth: ReportTruth | None, scored: Sequence[Row]) -> Floats | None:
    if truth is None or not scored:
        return None
    return truth.chances([row["lead_id"] for row in scored], [row["scored_at"] for row in scored])


def _run(row: Row) -> TrainingRun:
    metrics: dict[str, Any] = msgspec.json.decode(row["metrics"] or "{}")
    return TrainingRun(
        row["trained_at"], row["model_version"], row["promoted"], row["reason"], row["champion_before"], metrics
    )


def _spoken(language: str | None, policy: Policy) -> Language:
    if language is None:
        return policy.languages[0]
    for supported in LANGUAGES:
        if supported == language:
            return supported
    raise InputError(
        f"There is no report in {language!r}.", field="language", value=language, remedy="Use de, fr, it or en."
    )


def _written(name: str, size: int, facts: ReportData, health: Health) -> ReportWritten:
    savings, test = calls_saved(facts), facts.test
    return ReportWritten(
        name=name,
        bytes=size,
        scored_leads=len(facts.scored),
        auc=test["auc"]["value"] if test else None,
        ece=test["ece"]["value"] if test else None,
        lift_at_10=test["lift_at_10"]["value"] if test else None,
        calls_saved=savings.saved if savings else None,
        conversions_kept=savings.conversion_share if savings else None,
        champion_age_days=health.age_days,
        drift=health.drift,
        drifted=health.drifted,
    )
