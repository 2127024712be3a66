"""What a demo found."""

from __future__ import annotations

from dataclasses import dataclass, field

from leadwerk.cli.demo.replies import ScoredLeadReply


@dataclass(frozen=True)
class AfterShock:
    """The champions before and after retraining, on the newest leads; `bayes_auc`: the best that there can be."""

    bayes_auc: float
    auc_without_retraining: float
    auc: float
    ece_without_retraining: float
    ece: float


@dataclass(frozen=True)
class DemoSavings:
    """Calls in order of arrival and by score, equally many a day; costs in CHF, `cost_saved` a share."""

    leads: int
    calls: int
    calls_per_success: float | None
    calls_per_success_by_score: float | None
    cost_per_success: float | None
    cost_per_success_by_score: float | None
    cost_saved: float | None
    extra_successes: float


@dataclass(frozen=True)
class ByOutcomes:
    """The report's own figures, from outcomes."""

    calls_saved: float | None
    leads: int
    auc: float | None
    ece: float | None


@dataclass
class DemoResults:
    """What the demo found, in the words of its JSON file.

    `auc`, `bayes_auc`, `ece` and `lift_at_10` are of the first champion, on leads that it has not learned from;
    `scored_by_points` leads were scored before there was any model. `after_shock` holds them for the champions before
    and after retraining, on the newest leads. These and `savings` are against the true chances; `measured` has the
    first and the last day of each. `by_outcomes` is measured as the report does where the truth is unknown. What was
    simulated lies in `home` and ends at the moment `ends_at`.
    """

    events: int = 0
    nights: int = 0
    leads: int = 0
    auc: float = 0.0
    bayes_auc: float = 0.0
    ece: float = 0.0
    lift_at_10: float = 0.0
    after_shock: AfterShock | None = None
    measured: dict[str, list[str]] = field(default_factory=dict)
    scored_by_points: int = 0
    scored_over_http: int = 0
    score_seconds: list[float] = field(default_factory=list)
    crm_patched: int = 0
    crm_attempts_failed: int = 0
    crm_mismatches: int = 0
    outcomes_ingested: int = 0
    champion_before: str | None = None
    champion_after: str | None = None
    retraining: str = ""
    savings: DemoSavings | None = None
    by_outcomes: ByOutcomes | None = None
    examples: list[ScoredLeadReply] = field(default_factory=list)
    home: str = ""
    ends_at: str = ""
    report: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
