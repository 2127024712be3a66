"""Promotion gate: decides whether a challenger replaces the champion, by order first and by level second.

Order is what sellers need: the challenger's twin, fitted without the test period and the horizon before it, must rank
leads of the same time better than chance, than the policy's points and than the champion. What is compared is within
blocks of time, so a base rate that moves neither helps nor hurts. Level is a question of its own: probabilities are
recalibrated on outcomes that had matured before each block, and compared with the rate that was known then, never with
the test period's own rate, which nobody could know. A model that ranks and whose level is off still serves, marked
"ranks first, probabilities stale".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from leadwerk.learning.model import ModelKind
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.bootstrap import paired_difference
from leadwerk.stats.within_time import WithinTimeAuc, within_time_auc, within_time_difference

Verdict = Literal["promoted", "no_signal", "points_rank_better", "champion_is_better", "nothing_new"]
Level = Literal["calibrated", "stale"]

MINIMUM_TEST_POSITIVES = 5
"""Fewer converted leads in the test period say nothing about a model."""

MINIMUM_NEW_POSITIVES = 5
"""Fewer converted leads that the champion has not learned from are no reason to change it."""

CLEARLY = 2.0
"""Standard errors of a paired difference in order."""

Z_BY_HAND, Z_NIGHTLY = 2.3, 3.0
"""Distance from chance, in standard errors, that an order needs: of 1,000 data sets without any signal 2.8 to 3.0 %
reach the first in one run by hand, and 2 % ever reach the second in 90 nights."""


@dataclass(frozen=True)
class JudgedRows:
    """Rows of the test period (n,): labels, lead, block of time, and the conversion rate that was known then.

    `points` order the leads; None where the policy has no rules.
    """

    converted: Bools
    lead: Index
    block: Index
    known_rate: Floats
    points: Floats | None = None


@dataclass(frozen=True)
class GateEvidence:
    """Rows on which the challenger's order is tested against chance; more than the test period where leads are few."""

    converted: Bools
    lead: Index
    block: Index
    score: Floats


@dataclass(frozen=True)
class JudgedCandidate:
    """The challenger: its kind, its probabilities of the test rows (n,), and the evidence of its order."""

    kind: ModelKind
    probability: Floats
    evidence: GateEvidence


@dataclass(frozen=True)
class Incumbent:
    """The present champion on the test rows; `unseen` marks those that it has not learned from."""

    version: str
    probability: Floats
    unseen: Bools


@dataclass(frozen=True)
class GateDecision:
    """Which kind of model stood for promotion, whether it becomes champion, and why, in words."""

    kind: ModelKind
    promote: bool
    reason: str
    verdict: Verdict
    level: Level = "calibrated"


def decide(
    rows: JudgedRows,
    candidate: JudgedCandidate,
    incumbent: Incumbent | None,
    *,
    z_needed: float = Z_BY_HAND,
    seed: int,
) -> GateDecision:
    """Judge the challenger's probabilities with the level known then.

    `incumbent` is None where there is no champion, or none that this contract could use.
    """
    kind, probability, evidence = candidate.kind, candidate.probability, candidate.evidence
    order = within_time_auc(evidence.converted, evidence.score, evidence.block, evidence.lead)
    level, level_text = _level(rows, probability, seed)
    summary = (
        f"{name_of(kind)} has AUC {order.value:.3f} ± {order.error:.3f} within time (z {order.z:.1f}, {level_text})"
    )
    # `not >=` and not `<`: z is NaN where no block has both outcomes, and that is no signal either.
    if not order.z >= z_needed:
        return GateDecision(
            kind, False, f"{summary}: no usable signal, {_shortage(order, z_needed)}.", "no_signal", level
        )
    if rows.points is not None:
        gap, error = within_time_difference(rows.converted, probability, rows.points, rows.block, rows.lead)
        better = "better" if gap > 0 else "no better"
        summary = f"{summary}; {better} than the points, difference in AUC {gap:+.3f} ± {error:.3f}"
        # As above: a NaN must not pass the gate.
        if not gap > 0:
            return GateDecision(kind, False, f"{summary}.", "points_rank_better", level)
    if incumbent is None:
        return GateDecision(kind, True, f"{summary}; there was no champion to compare with.", "promoted", level)
    verdict, comparison = _against(rows, probability, incumbent, seed)
    return GateDecision(kind, verdict == "promoted", f"{summary}; {comparison}", verdict, level)


def _shortage(order: WithinTimeAuc, z_needed: float) -> str:
    if not np.isfinite(order.error):
        return "no block of time has leads of both outcomes"
    return f"chance alone gives that often (z {z_needed:.1f} is needed)"


def _level(rows: JudgedRows, probability: Floats, seed: int) -> tuple[Level, str]:
    """Whether the probabilities are at least as honest as the rate known then, within one standard error."""
    losses = metrics.losses(rows.converted, probability), metrics.losses(rows.converted, rows.known_rate)
    worse, error = paired_difference(*losses, rows.lead, seed=seed)
    text = f"log loss {losses[0].mean():.4f}, of the rate known then {losses[1].mean():.4f}"
    return ("calibrated", text) if worse <= error else ("stale", f"{text}: probabilities are stale")


def _against(rows: JudgedRows, probability: Floats, incumbent: Incumbent, seed: int) -> tuple[Verdict, str]:
    """One-standard-error rule (Breiman et al. 1984) on log loss, with the level known then on both sides.

    An order that is clearly worse is no compromise; within the noise the fresher model wins.
    """
    unseen = np.flatnonzero(incumbent.unseen)
    converted, lead = rows.converted[unseen], rows.lead[unseen]
    new = len(np.unique(lead[converted]))
    if new < MINIMUM_NEW_POSITIVES:
        return "nothing_new", f"{incumbent.version} stays: only {new} conversions are new since it was trained."
    ours, theirs = probability[unseen], incumbent.probability[unseen]
    gap, gap_error = within_time_difference(converted, ours, theirs, rows.block[unseen], lead)
    worse, error = paired_difference(
        metrics.losses(converted, ours), metrics.losses(converted, theirs), lead, seed=seed
    )
    numbers = (
        f"difference in AUC {gap:+.3f} ± {gap_error:.3f}, in log loss {worse:+.4f} ± {error:.4f} on {len(unseen)}"
        " landmarks new to it"
    )
    if gap < -CLEARLY * gap_error or (gap <= gap_error and worse > error):
        return "champion_is_better", f"{incumbent.version} stays, it is better: {numbers}."
    if gap > gap_error or worse < -error:
        return "promoted", f"better than {incumbent.version}: {numbers}."
    return "promoted", f"as good as {incumbent.version} ({numbers}), and it knows {new} newer conversions."


def name_of(kind: ModelKind) -> str:
    """A kind of model in words."""
    return {
        "average": "the average of regression, boosting and forest",
        "boosting": "gradient boosting",
        "logistic_regression": "logistic regression",
    }[kind]
