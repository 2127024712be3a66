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
from leadwerk.texts.message import Message

Verdict = Literal["promoted", "no_signal", "points_rank_better", "champion_is_better", "nothing_new"]
Level = Literal["calibrated", "stale"]

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
    """Which kind of model stood for promotion, whether it becomes champion, and why, as a message."""

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
    # `>=` and its negation, not `<`: z is NaN where no block has both outcomes, and that is no signal either.
    has_signal = bool(order.z >= z_needed)
    level, losses = _level(rows, probability, seed)
    # Probabilities that nobody will see are not called old.
    level_text = Message("gate.level.stale", level=losses) if level == "stale" and has_signal else losses
    summary: str = Message(
        "gate.order",
        model=name_of(kind),
        auc=f"{order.value:.3f}",
        error=f"{order.error:.3f}",
        z=f"{order.z:.1f}",
        level=level_text,
    )
    if not has_signal:
        return GateDecision(kind, False, _no_signal(summary, order, z_needed), "no_signal", level)
    if rows.points is not None:
        gap, error = within_time_difference(rows.converted, probability, rows.points, rows.block, rows.lead)
        key = "gate.points.better" if gap > 0 else "gate.points.no_better"
        summary = Message(key, order=summary, gap=f"{gap:+.3f}", error=f"{error:.3f}")
        # As above: a NaN must not pass the gate.
        if not gap > 0:
            return GateDecision(kind, False, summary, "points_rank_better", level)
    if incumbent is None:
        return GateDecision(kind, True, Message("gate.no_champion", order=summary), "promoted", level)
    verdict, comparison = _against(rows, probability, incumbent, seed)
    reason = Message("gate.compared", order=summary, comparison=comparison)
    return GateDecision(kind, verdict == "promoted", reason, verdict, level)


def _no_signal(summary: str, order: WithinTimeAuc, z_needed: float) -> str:
    if not np.isfinite(order.error):
        return Message("gate.no_signal.one_outcome", order=summary)
    return Message("gate.no_signal.chance", order=summary, needed=f"{z_needed:.1f}")


def _level(rows: JudgedRows, probability: Floats, seed: int) -> tuple[Level, str]:
    """Whether the probabilities are at least as honest as the rate known then, within one standard error."""
    losses = metrics.losses(rows.converted, probability), metrics.losses(rows.converted, rows.known_rate)
    worse, error = paired_difference(*losses, rows.lead, seed=seed)
    text = Message("gate.level", loss=f"{losses[0].mean():.4f}", rate=f"{losses[1].mean():.4f}")
    return ("calibrated" if worse <= error else "stale"), text


def _against(rows: JudgedRows, probability: Floats, incumbent: Incumbent, seed: int) -> tuple[Verdict, str]:
    """One-standard-error rule (Breiman et al. 1984) on log loss, with the level known then on both sides.

    An order that is clearly worse is no compromise; within the noise the fresher model wins.
    """
    unseen = np.flatnonzero(incumbent.unseen)
    converted, lead = rows.converted[unseen], rows.lead[unseen]
    new = len(np.unique(lead[converted]))
    if new < MINIMUM_NEW_POSITIVES:
        return "nothing_new", Message("gate.nothing_new", version=incumbent.version, count=new)
    ours, theirs = probability[unseen], incumbent.probability[unseen]
    gap, gap_error = within_time_difference(converted, ours, theirs, rows.block[unseen], lead)
    worse, error = paired_difference(
        metrics.losses(converted, ours), metrics.losses(converted, theirs), lead, seed=seed
    )
    figures = Message(
        "gate.figures",
        gap=f"{gap:+.3f}",
        gap_error=f"{gap_error:.3f}",
        worse=f"{worse:+.4f}",
        error=f"{error:.4f}",
        landmarks=len(unseen),
    )
    if gap < -CLEARLY * gap_error or (gap <= gap_error and worse > error):
        return "champion_is_better", Message("gate.champion_better", version=incumbent.version, figures=figures)
    if gap > gap_error or worse < -error:
        return "promoted", Message("gate.better", version=incumbent.version, figures=figures)
    return "promoted", Message("gate.as_good", version=incumbent.version, figures=figures, new=new)


def name_of(kind: ModelKind) -> Message:
    """A kind of model in words."""
    return Message(f"gate.kind.{kind}")
