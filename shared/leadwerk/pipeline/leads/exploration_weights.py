"""Exploration weights: leads of an experiment count by the inverse of their probability to be worked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Floats
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

LARGEST_WEIGHT = 50.0
"""A rarer lead counts as this: one lead must not outweigh all others."""


class WorkProbability(Struct, frozen=True):
    """A row of scores/work_probabilities: whether a lead was HOT when first scored, and its probability to be."""

    lead_id: str
    is_hot: bool
    work_probability: float


def exploration_weights(warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], now: datetime) -> Floats | None:
    """Weight of each lead (n,); None where the policy does not weigh. Leads outside the experiment count once.

    Horvitz and Thompson 1952, J. American Statistical Association 47: leads that were not worked count nothing, and
    those that were stand for them.
    """
    experiment = policy.experiment
    if experiment is None or not experiment.weigh_training:
        return None
    parameters = {"experiment": experiment.name, "first_day": experiment.starts, "as_of": now}
    rows = warehouse.rows(statement("scores/work_probabilities", WorkProbability), parameters)
    weights = {
        row.lead_id: min(1 / row.work_probability, LARGEST_WEIGHT) if row.is_hot and row.work_probability > 0 else 0.0
        for row in rows
    }
    return np.array([weights.get(lead_id, 1.0) for lead_id in lead_ids], dtype=np.float64)
