"""Who may score: the best candidate must beat the policy's points, and must not be worse than the present champion.

Candidates are compared by log loss on the same test rows, because it rewards order and honesty at once (Gneiting and
Raftery 2007, strictly proper scoring rules), with the standard error of the paired difference, leads drawn. Points take
part in it as the probability that a regression of one variable makes of them (learning/points_baseline.py). What they
are there for is order, so a model has to rank better, and it must not be less honest beyond the noise: what is compared
is its twin, which knows nothing of the test period and of the horizon before it, whereas the model itself learns from
all of it, and the points need to learn nothing. The reason says how large the gain is and how certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.learning.model import ModelKind
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.bootstrap import paired_difference

MINIMUM_TEST_POSITIVES = 5
"""Fewer converted leads in the test period say nothing about a model."""

MINIMUM_NEW_POSITIVES = 5
"""Fewer converted leads that the champion has not learned from are no reason to change it."""


@dataclass(frozen=True)
class Incumbent:
    """The present champion on the test rows; `unseen` marks those that it has not learned from."""

    version: str
    probability: Floats
    unseen: Bools


@dataclass(frozen=True)
class GateDecision:
    """Which kind of model stands best, whether it becomes champion, and why, in words."""

    kind: ModelKind
    promote: bool
    reason: str


def decide(
    converted: Bools,
    lead: Index,
    candidates: dict[ModelKind, Floats],
    incumbent: Incumbent | None,
    *,
    points: Floats | None = None,
    seed: int,
) -> GateDecision:
    """Choose among the candidates' (n,) test probabilities and compare the best with points and incumbent.

    `incumbent` is None where there is no champion, or none that this contract could use; `points` are the points as
    probabilities, None where the policy has no rules.
    """
    kind = best(converted, candidates)
    losses = {name: metrics.log_loss(converted, p) for name, p in candidates.items()}
    summary = f"{_name(kind)} has log loss {losses[kind]:.4f} and AUC {metrics.auc(converted, candidates[kind]):.3f}"
    summary += "".join(f", {_name(name)} {loss:.4f}" for name, loss in losses.items() if name != kind)
    useless = no_better_than_chance(converted, candidates[kind], lead, seed)
    if useless:
        return GateDecision(kind, False, f"{summary}: that is {useless}.")
    if points is not None:
        better, comparison = _beats_points(converted, lead, candidates[kind], points, seed)
        summary = f"{summary}; {comparison}"
        if not better:
            return GateDecision(kind, False, f"{summary}.")
    if incumbent is None:
        return GateDecision(kind, True, f"{summary}; there was no champion to compare with.")
    promote, comparison = _against(converted, lead, candidates[kind], incumbent, seed)
    return GateDecision(kind, promote, f"{summary}; {comparison}")


def best(converted: Bools, candidates: dict[ModelKind, Floats]) -> ModelKind:
    """The least log loss; on a tie the plainer model, which is named last."""
    return min(reversed(candidates), key=lambda kind: metrics.log_loss(converted, candidates[kind]))


def no_better_than_chance(converted: Bools, probability: Floats, lead: Index, seed: int) -> str:
    """What is to be said of probabilities that tell no more than their own mean, or nothing where they do."""
    constant = np.full(len(converted), converted.mean())
    gain, error = paired_difference(
        metrics.losses(converted, constant), metrics.losses(converted, probability), lead, seed=seed
    )
    if gain > error and metrics.auc(converted, probability) > 0.5:
        return ""
    return f"no better than the base rate for everybody (gain {gain:.4f} ± {error:.4f})"


def _beats_points(converted: Bools, lead: Index, probability: Floats, points: Floats, seed: int) -> tuple[bool, str]:
    """Whether the model ranks better than the points and is as honest within one standard error, and that in words."""
    losses = metrics.losses(converted, points), metrics.losses(converted, probability)
    gain, error = paired_difference(*losses, lead, seed=seed)
    auc, theirs = metrics.auc(converted, probability), metrics.auc(converted, points)
    comparison_text = f"{losses[0].mean():.4f} and AUC {theirs:.3f}, gain in log loss {gain:+.4f} ± {error:.4f}"
    if auc > theirs and gain > -error:
        return True, f"better than the points, which have log loss {comparison_text}"
    return False, f"no better than the points, which have log loss {comparison_text}"


def _against(converted: Bools, lead: Index, probability: Floats, incumbent: Incumbent, seed: int) -> tuple[bool, str]:
    """One-standard-error rule (Breiman et al. 1984): within the noise, the one who knows newer outcomes wins."""
    rows = np.flatnonzero(incumbent.unseen)
    new = len(np.unique(lead[rows][converted[rows]]))
    if new < MINIMUM_NEW_POSITIVES:
        return False, f"{incumbent.version} stays: only {new} conversions are new since it was trained."
    worse, error = paired_difference(
        metrics.losses(converted[rows], probability[rows]),
        metrics.losses(converted[rows], incumbent.probability[rows]),
        lead[rows],
        seed=seed,
    )
    numbers = f"difference in log loss {worse:+.4f} ± {error:.4f} on {len(rows)} landmarks new to it"
    if worse > error:
        return False, f"{incumbent.version} stays, it is better: {numbers}."
    if worse < -error:
        return True, f"better than {incumbent.version}: {numbers}."
    return True, f"as good as {incumbent.version} ({numbers}), and it knows {new} newer conversions."


def _name(kind: ModelKind) -> str:
    return {"boosting": "gradient boosting", "logistic_regression": "logistic regression"}[kind]
