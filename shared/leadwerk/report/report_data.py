"""What a report is about: everything that was read, before anything is drawn or worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from leadwerk.features.drift_check import DriftCheck
from leadwerk.features.stage_model import StageTest
from leadwerk.policy.model import Policy
from leadwerk.registry.manifest import CandidateEvaluation, Manifest
from leadwerk.report.report_rows import ExtractTotals, PointsOutcome, ScoredOutcome
from leadwerk.report.results.data import ResultsData
from leadwerk.report.stage_conversion import StageFunnel
from leadwerk.stats.arrays import Bools, Floats

WhichModel = Literal["first", "first_later", "in_use"]
"""What scored leads are grouped by, to see whether scores are as good for everybody."""

MINIMUM_CONVERTED = 5
"""Fewer conversions among scored leads are shown as counts, not as rates."""


@dataclass(frozen=True)
class ScoredOutcomes:
    """Leads whose score was followed by a certain outcome, each as its model first scored it; n of each.

    `period` is when the first and the last of them was scored (UTC), where that is known.
    """

    probability: Floats
    score: npt.NDArray[np.int64]
    converted: Bools
    model: tuple[str, ...]
    true_probability: Floats | None = None
    period: tuple[datetime, datetime] | None = None

    def __len__(self) -> int:
        return len(self.probability)

    @property
    def tells(self) -> bool:
        """Whether there are enough conversions, and others, to show rates."""
        return MINIMUM_CONVERTED <= int(self.converted.sum()) < len(self)

    @classmethod
    def of(cls, rows: Sequence[ScoredOutcome], true_probability: Floats | None = None) -> ScoredOutcomes:
        """From rows and, in a simulation, the true probabilities in their order."""
        moments = [row.scored_at for row in rows]
        return cls(
            probability=np.array([row.probability for row in rows], dtype=np.float64),
            score=np.array([row.predictive_score for row in rows], dtype=np.int64),
            converted=np.array([row.converted for row in rows], dtype=np.bool_),
            model=tuple(row.model_version for row in rows),
            true_probability=true_probability,
            period=(min(moments), max(moments)) if moments else None,
        )


@dataclass(frozen=True)
class PointsOutcomes:
    """Leads whose points, when they first decided, were followed by a certain outcome; n of each."""

    points: Floats = field(default_factory=lambda: np.zeros(0))
    converted: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def __len__(self) -> int:
        return len(self.points)

    @property
    def tells(self) -> bool:
        """Whether there are enough conversions, and others, to show rates."""
        return MINIMUM_CONVERTED <= int(self.converted.sum()) < len(self)

    @classmethod
    def of(cls, rows: Sequence[PointsOutcome]) -> PointsOutcomes:
        """From rows."""
        return cls(
            points=np.array([row.points for row in rows], dtype=np.float64),
            converted=np.array([row.converted for row in rows], dtype=np.bool_),
        )


@dataclass(frozen=True)
class TrainingRun:
    """A retraining: its reason as a message, evaluations by candidate as the manifest has them."""

    trained_at: datetime
    version: str | None
    promoted: bool
    reason: str
    champion_before: str | None
    metrics: Mapping[str, CandidateEvaluation]


@dataclass(frozen=True)
class TruthComparison:
    """A model against the true chances of leads that no model has learned from, seen from `first` to `last` (UTC).

    `model`: the first one in the market it has learned, the first one in the newest, or the one in use in the newest.
    `best` is the AUC of the true chances themselves.
    """

    model: WhichModel
    first: date
    last: date
    cases: int
    auc: float
    best: float
    ece: float
    lift_at_10: float


@dataclass(frozen=True)
class CallingComparison:
    """Calls for one conversion in order of arrival (`before`) and by score (`after`), with equally many calls a day;
    `saved` is the share of the cost for one conversion.
    """

    leads: int
    before: float
    after: float
    saved: float


@dataclass(frozen=True)
class SimulationTruth:
    """What only a simulation knows, of leads whose outcome no model has learned from."""

    against: Sequence[TruthComparison] = ()
    calling: CallingComparison | None = None


@dataclass(frozen=True)
class ReportData:
    """All of a report: `results` as on the page Results, and the models behind them. Leads are counted in `deliveries`
    by (cluster, state), in `scores` by predictive score, in `cells` by (cell of the matrix, cluster).
    """

    policy: Policy
    now: datetime
    champion: Manifest | None
    scored: ScoredOutcomes
    results: ResultsData
    runs: Sequence[TrainingRun] = ()
    deliveries: Mapping[tuple[str, str], int] = field(default_factory=dict)
    scores: Mapping[int, int] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], int] = field(default_factory=dict)
    points_outcomes: PointsOutcomes = field(default_factory=PointsOutcomes)
    extracted: ExtractTotals | None = None
    simulation_truth: SimulationTruth | None = None
    drift: Sequence[DriftCheck] = ()
    funnel: StageFunnel | None = None
    stage_test: StageTest | None = None

    @property
    def test(self) -> CandidateEvaluation | None:
        """The champion's evaluation out of time."""
        return self.champion.metrics.get("challenger") if self.champion else None
