"""Leaks of several fields together: each says little, and the model of all ranks almost without error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from leadwerk.features.encode import Columns
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.leakage import FEWEST_LEADS_OF_A_CLASS
from leadwerk.learning.split import folds
from leadwerk.learning.target_encoding import cells, out_of_fold_log_odds
from leadwerk.stats.arrays import Floats, evenly
from leadwerk.stats.bootstrap import Estimate
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.stats.metrics import auc

TOO_GOOD, VERY_GOOD = 0.97, 0.90
"""Areas under the ROC curve out of time from which all is asked about, and what says little alone; honest: .93 at most.
"""

MOST_ROWS = 5_000
LEAST_LOSS, SHARE_OF_LARGEST = 0.02, 0.5
"""A field is named if shuffling it costs the order that much, and half as much as shuffling the worst one does."""

PAIR_LOSS, SAYS_LITTLE = 0.10, 0.60
"""Or if it costs the order of a very good model that much, while the field alone ranks hardly better than chance."""

FOLDS = 5


def joint_leaks(
    probability: Callable[[Columns], Floats],
    test: Landmarks,
    unseen_auc: Estimate,
    columns_by_field: Mapping[str, str],
    *,
    seed: int,
) -> tuple[LeakFinding, ...]:
    """The fields to which a model owes an order too good to be true; of a very good one those that say little alone.

    The former stop, the latter are suspects.

    `unseen_auc` is that of its twin on the rows `test`. A field counts by what the order loses when its values are
    shuffled (Breiman 2001, Machine Learning 45, §10).
    """
    few = min(test.converted_leads, test.leads - test.converted_leads) < FEWEST_LEADS_OF_A_CLASS
    if few or unseen_auc.low < VERY_GOOD:
        return ()
    rows = test.take(evenly(len(test), MOST_ROWS))
    random = np.random.default_rng(seed)
    whole = auc(rows.converted, probability(rows.columns))
    losses = {}
    for field, column in columns_by_field.items():
        shuffled = {**rows.columns, column: random.permutation(rows.columns[column])}
        losses[field] = whole - auc(rows.converted, probability(shuffled))
    stops = unseen_auc.low >= TOO_GOOD
    if stops:
        least = max(LEAST_LOSS, SHARE_OF_LARGEST * max(losses.values(), default=0.0))
        named = [field for field, loss in losses.items() if loss >= least]
    else:
        costly = [field for field, loss in losses.items() if loss >= PAIR_LOSS]
        named = [field for field in costly if _alone(rows, columns_by_field[field], seed) < SAYS_LITTLE]
    return tuple(
        LeakFinding(field=field, check="together", stops=stops, figure=unseen_auc.value, low=unseen_auc.low)
        for field in named
    )


def _alone(rows: Landmarks, column: str, seed: int) -> float:
    """How well the field alone ranks rows that its encoding has not seen."""
    fold = folds(rows.lead, count=FOLDS, seed=seed)
    return float(auc(rows.converted, out_of_fold_log_odds(cells(rows.columns[column]), rows.converted, fold)))
