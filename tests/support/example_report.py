"""A report's facts as a simulated quarter would leave them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import msgspec
import numpy as np

from leadwerk.learning.evaluate import evaluate
from leadwerk.policy.load import load
from leadwerk.registry.manifest import CandidateEvaluation, DataWindow, Manifest, TestSplit
from leadwerk.report.report_data import (
    CallingComparison,
    PointsOutcomes,
    ReportData,
    ScoredOutcomes,
    SimulationTruth,
    TrainingRun,
    TruthComparison,
)
from leadwerk.report.report_rows import ExtractTotals, ScoredOutcome
from leadwerk.report.results.data import ResultsData
from leadwerk.report.results.outcome_counts import OutcomeCount

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
VERSION = "20260601T020000Z-0123456789ab"


def outcomes(n: int = 1500, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities of about a tenth, and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-rng.normal(-2.6, 1.4, n)))
    return chance, rng.random(n) < chance


@cache
def evaluation(n: int = 1500, seed: int = 3) -> CandidateEvaluation:
    chance, converted = outcomes(n, seed)
    metrics = evaluate(converted, chance, np.arange(n), threshold=0.2, seed=1)
    return msgspec.json.decode(msgspec.json.encode(metrics), type=CandidateEvaluation)


def manifest(metrics: dict[str, CandidateEvaluation]) -> Manifest:
    return Manifest(
        kind="boosting",
        created_at="2026-06-01T02:00:00+00:00",
        policy_name="mortgage",
        policy_version="abc",
        contract_hash="c0ffee",
        query_hash="bead",
        horizon_days=30,
        base_rate=0.1,
        seed=1,
        data=DataWindow(
            first_as_of="2026-01-05T03:00:00+00:00",
            last_as_of="2026-05-01T03:00:00+00:00",
            rows=40_000,
            positives=4_100,
            leads=9_000,
        ),
        metrics=metrics,
        importances={"loan_to_value": 0.61, "mortgage_simulator": 0.4, "recency": 0.2, "blog": 0.0},
        profile={},
        libraries={"xgboost": "3.2.0"},
        version=VERSION,
        split=TestSplit(boundary="2026-04-05T04:00:00+00:00", train_rows=30_000, test_rows=1500, gap_days=30),
    )


def facts() -> ReportData:
    chance, converted = outcomes()
    odds = chance / (1 - chance) * 9
    scored = ScoredOutcomes(
        probability=chance,
        score=np.rint(100 * odds / (1 + odds)).astype(np.int64),
        converted=converted,
        model=(VERSION,) * len(chance),
        true_probability=np.clip(chance * 1.05, 0, 1),
        period=(datetime(2026, 4, 20, 9, tzinfo=UTC), datetime(2026, 5, 28, 17, tzinfo=UTC)),
    )
    metrics = {"challenger": evaluation(), "champion": evaluation(seed=4), "logistic_regression": evaluation(seed=5)}
    metrics |= {"points": evaluation(seed=6), "both": evaluation(seed=7)}
    run = TrainingRun(datetime(2026, 6, 1, 2, tzinfo=UTC), VERSION, True, "better than the one before", "old", metrics)
    return ReportData(
        policy=load("mortgage"),
        now=NOW,
        champion=manifest(metrics),
        scored=scored,
        results=results(),
        runs=[run],
        deliveries={("HOT", "sent"): 310, ("HOT", "retry"): 4, ("WARM", "sent"): 500, ("COLD", "dead_letter"): 2},
        scores={score: 3 + score % 7 for score in range(101)},
        cells={("A1", "HOT"): 40, ("D4", "COLD"): 900, ("D4", "DISQUALIFIED"): 7},
        points_outcomes=points_outcomes(),
        extracted=ExtractTotals(days=120, missing_days=1, events_read=600_000, bots=1000, events_kept=550_000),
        simulation_truth=simulation_truth(),
    )


def results() -> ResultsData:
    """Ninety leads of three weeks, of which those with high scores converted more often."""
    counts = [
        OutcomeCount(week=week, segment=language, wait_level=3, leads=15, certain=15, won=2 + week, hot=4)
        for week in range(3)
        for language in ("de", "fr")
    ]
    outcomes = [
        ScoredOutcome(
            lead_id=str(number), model_version=VERSION, scored_at=NOW, probability=number / 200,
            predictive_score=number, converted=number % 3 == 0 and number > 40,
        )
        for number in range(5, 95)
    ]  # fmt: skip
    return ResultsData(
        weeks=13, by="language", hot=70, counts=counts, outcomes=outcomes, outlook=None, kpis=[], alerts=[], money=None
    )


def simulation_truth() -> SimulationTruth:
    """What a simulation knows of two models."""
    first = TruthComparison("first", date(2026, 3, 20), date(2026, 4, 10), 2100, 0.839, 0.86, 0.011, 4.2)
    later = replace(first, model="first_later", first=date(2026, 6, 1), last=date(2026, 7, 1), auc=0.782, best=0.91)
    in_use = replace(later, model="in_use", auc=0.881, ece=0.013)
    return SimulationTruth((first, later, in_use), CallingComparison(2835, 14.2, 6.1, 0.57))


def points_outcomes(n: int = 400) -> PointsOutcomes:
    """Leads with points from -50 to 150, of which the better convert more often."""
    points = np.linspace(-50, 150, n)
    return PointsOutcomes(points, (np.random.default_rng(4).random(n) < np.clip(points / 300, 0.01, 1)).astype(float))


def nothing() -> ReportData:
    """The first day: a policy, and not a row."""
    return replace(
        facts(),
        champion=None,
        scored=ScoredOutcomes.of([]),
        results=replace(results(), counts=[], outcomes=[]),
        runs=[],
        deliveries={},
        scores={},
        extracted=None,
        simulation_truth=None,
        cells={},
        points_outcomes=PointsOutcomes(),
    )
