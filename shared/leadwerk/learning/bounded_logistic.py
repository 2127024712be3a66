"""Logistic regression whose weights keep their sign and stay near what people had chosen, as far as the data allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.log_odds import sigmoid

STEPS = 60
TOLERANCE = 1e-7
HALVINGS = 30
SMALLEST_CURVATURE = 1e-9


@dataclass(frozen=True)
class BoundedFit:
    """`weights` (m,) in log-odds a unit, the bias, and the standard error of each weight (leads drawn, not rows)."""

    weights: Floats
    bias: float
    errors: Floats


@dataclass(frozen=True)
class BoundedProblem:
    """(n, m) `matrix`, labels, the lead of each row; weights between `low` and `high`, drawn to `centre`.

    `pull` (m,) is the strength of that: the loss has Σ pull/2 · (weight − centre)².
    """

    matrix: Floats
    converted: Bools
    lead: Index
    centre: Floats
    pull: Floats
    low: Floats
    high: Floats


def fit(problem: BoundedProblem) -> BoundedFit:
    """Maximum penalised likelihood within the bounds, by Newton's method on the weights that are not held by one.

    Projected Newton: Bertsekas 1982, SIAM J. Control and Optimization 20 (2), §3. The bias is free.

    >>> x = np.array([[1.0], [1.0], [0.0], [0.0]] * 50)
    >>> y = np.array([True, False, False, False] * 50)
    >>> unit = np.ones(1)
    >>> fit(BoundedProblem(x, y, np.arange(200), 0 * unit, 1e-9 * unit, -9 * unit, 0 * unit)).weights.tolist()
    [0.0]
    """
    design = np.column_stack([problem.matrix, np.ones(len(problem.matrix))])
    low, high = np.append(problem.low, -np.inf), np.append(problem.high, np.inf)
    centre, pull = np.append(problem.centre, 0.0), np.append(problem.pull, SMALLEST_CURVATURE)
    weights = np.append(np.clip(problem.centre, problem.low, problem.high), 0.0)
    loss = _loss(design, problem.converted, weights, centre, pull)
    for _ in range(STEPS):
        gradient, hessian = _slopes(design, problem.converted, weights, centre, pull)
        # Weights pressed against a bound leave the Newton step; the others move as if these were fixed.
        at_bound = ((weights <= low) & (gradient > 0)) | ((weights >= high) & (gradient < 0))
        step = np.zeros_like(weights)
        free = ~at_bound
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        penalised = partial(_loss, design, problem.converted, centre=centre, pull=pull)
        weights, new = _descend(penalised, weights, step, (low, high), loss)
        if loss - new < TOLERANCE * max(1.0, abs(new)):
            break
        loss = new
    errors = np.zeros_like(weights)
    # A weight that may not move has no error, and takes none of the others' certainty.
    movable = low < high
    errors[movable] = _errors(design, problem, weights, pull, movable)
    return BoundedFit(weights[:-1], float(weights[-1]), errors[:-1])


def _loss(design: Floats, converted: Bools, weights: Floats, centre: Floats, pull: Floats) -> float:
    margin = design @ weights
    return float((np.logaddexp(0, margin) - converted * margin).sum() + (pull * (weights - centre) ** 2).sum() / 2)


def _slopes(design: Floats, converted: Bools, weights: Floats, centre: Floats, pull: Floats) -> tuple[Floats, Floats]:
    p = sigmoid(design @ weights)
    gradient = design.T @ (p - converted) + pull * (weights - centre)
    hessian = design.T @ (design * np.maximum(p * (1 - p), SMALLEST_CURVATURE)[:, None]) + np.diag(pull)
    return gradient, hessian


def _descend(
    penalised: Callable[[Floats], float], weights: Floats, step: Floats, bounds: tuple[Floats, Floats], loss: float
) -> tuple[Floats, float]:
    """The longest of the step, its half, its quarter … that makes the loss smaller; else where we are."""
    for halving in range(HALVINGS):
        # Half the step until the loss falls: clipping may turn a good direction into a bad one.
        candidate = np.clip(weights - step / 2**halving, *bounds)
        new = penalised(candidate)
        if new < loss:
            return candidate, new
    return weights, loss


def _errors(design: Floats, problem: BoundedProblem, weights: Floats, pull: Floats, movable: Bools) -> Floats:
    """Standard errors although rows of one lead share its fate: the sandwich of Liang and Zeger 1986, eq. 9."""
    p = sigmoid(design @ weights)
    design = design[:, movable]
    _, position = np.unique(problem.lead, return_inverse=True)
    scores = np.zeros((int(position.max(initial=-1)) + 1, design.shape[1]))
    # Summed by lead: the sandwich estimator with clusters (Liang and Zeger 1986, Biometrika 73, p. 13).
    np.add.at(scores, position, design * (problem.converted - p)[:, None])
    curvature = np.maximum(p * (1 - p), SMALLEST_CURVATURE)[:, None]
    bread = np.linalg.inv(design.T @ (design * curvature) + np.diag(pull[movable]))
    variance: Floats = np.diag(bread @ (scores.T @ scores) @ bread)
    return np.sqrt(np.maximum(variance, 0.0))
