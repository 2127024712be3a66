"""Scores of many leads at once, from columns of features: model and points in numpy, one decision a combination.

A decision follows from score, points, language and region alone, so it is made once for each combination of them, by
the same function as for a single lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.conditions import Columns, LeadFacts, nothing_occurred
from leadwerk.points.engine import PointTotals, compute_points
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import LeadState
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, ModelScore, PointsScore, ScoringContext
from leadwerk.scoring.seller_pools import HotThresholds
from leadwerk.stats.coded_column import CodedColumn

NO_SCORE = -1


@dataclass(frozen=True)
class ColumnScores:
    """Scores of n leads. Missing: NaN in `probability` and `points`, NO_SCORE in `predictive_score`, None in texts."""

    probability: NDArray[np.float64]
    predictive_score: NDArray[np.int64]
    points: NDArray[np.float64]
    score_cluster: NDArray[np.object_]
    matrix_cell: NDArray[np.object_]
    segment: NDArray[np.object_]

    @classmethod
    def empty(cls, count: int) -> ColumnScores:
        """Columns for `count` leads, none of which has a score yet."""
        text_columns = [np.full(count, None, dtype=object) for _ in range(3)]
        return cls(np.full(count, np.nan), np.full(count, NO_SCORE, np.int64), np.full(count, np.nan), *text_columns)

    @classmethod
    def of(cls, scores: Sequence[LeadScore]) -> ColumnScores:
        """Scores of single leads as columns."""
        columns = cls.empty(len(scores))
        for at, score in enumerate(scores):
            if score.probability is not None and score.predictive_score is not None:
                columns.probability[at], columns.predictive_score[at] = score.probability, score.predictive_score
            if score.points is not None:
                columns.points[at] = score.points
            columns.score_cluster[at] = score.score_cluster
            columns.matrix_cell[at], columns.segment[at] = score.matrix_cell, score.segment
        return columns

    def put(self, row_index: NDArray[np.intp], scores: ColumnScores) -> None:
        """Write scores to these places."""
        for name in ("probability", "predictive_score", "points", "score_cluster", "matrix_cell", "segment"):
            getattr(self, name)[row_index] = getattr(scores, name)


def score_columns(
    scorer: Scorer | None,
    policy: Policy,
    columns: Mapping[str, Any],
    *,
    as_of: datetime,
    hot: HotThresholds,
) -> ColumnScores:
    """The scores of n leads of which nothing is known but `columns` of lead_features; without reasons and ledger."""
    count = len(columns["created_at"])
    scores = ColumnScores.empty(count)
    keys: list[NDArray[Any]] = []
    ratings: Sequence[LeadRating] = ()
    if policy.points.rules:
        ratings, rating_index = _ratings(policy, LeadFacts(count, columns, nothing_occurred()))
        keys.append(rating_index)
        scores.points[:] = np.array([rating.points for rating in ratings])[rating_index]
        scores.matrix_cell[:] = _object_column([rating.matrix_cell for rating in ratings])[rating_index]
    if scorer is not None:
        predicted = scorer.predict(scorer.encode_columns(columns))
        scores.probability[:], scores.predictive_score[:] = predicted.probability, predicted.predictive_score
        if scorer.segment_predictors:
            scores.segment[:] = _object_column(predicted.segments)
    language, region = columns.get("language"), columns.get("region")
    keys += [scores.predictive_score, *(text.codes for text in (language, region) if isinstance(text, CodedColumn))]
    first, combination = _combinations(keys, count)
    # Rows of a file are no leads that somebody works: no experiment withholds their score.
    unassigned = structs.replace(policy, experiment=None)
    context = ScoringContext(unassigned, hot, None if scorer is None else scorer.version)
    judged = []
    # A file has a million rows and some thousand combinations.
    for lead in first.tolist():
        model = None
        if scorer is not None:
            model = ModelScore(float(scores.probability[lead]), int(scores.predictive_score[lead]), None, ())
        points = PointsScore(ratings[rating_index[lead]], ()) if ratings else None
        features = {"language": _text(language, lead), "region": _text(region, lead)}
        state = LeadState(lead_id="", as_of=as_of, created_at=as_of, features=features)
        judged.append(context.score(state, points, model).score_cluster)
    scores.score_cluster[:] = _object_column(judged)[combination]
    return scores


def _ratings(policy: Policy, facts: LeadFacts) -> tuple[list[LeadRating], NDArray[np.intp]]:
    """The different ratings by what decisions and files show of them, and which each of n leads has."""
    totals = compute_points(policy, facts, ledger=False)
    first, which = _combinations([totals.fit, totals.interest, totals.icp, totals.disqualified], facts.size)
    columns: Columns = {name: _at(column, first) for name, column in facts.columns.items()}
    some = PointTotals(
        totals.fit[first], totals.interest[first], totals.icp[first], totals.disqualified[first], ledger=None
    )
    return rate_leads(policy, LeadFacts(len(first), columns, nothing_occurred()), some), which


def _combinations(keys: Sequence[NDArray[Any]], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first lead of each different combination of keys, and which combination each lead has."""
    which = np.zeros(count, np.intp)
    for key in keys:
        _, codes = np.unique(key, return_inverse=True)
        # Mixed radix, renumbered densely each time: the product of all sizes would overflow.
        _, which = np.unique(which * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
    _, first = np.unique(which, return_index=True)
    return first, which


def _object_column(texts: Sequence[str | None]) -> NDArray[np.object_]:
    # np.array would make fixed-width strings of texts where none is missing.
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    return column


def _text(column: Any, lead: int) -> str | None:
    if not isinstance(column, CodedColumn) or column.codes[lead] < 0:
        return None
    return str(column.levels[column.codes[lead]])


def _at(column: Any, rows: NDArray[np.intp]) -> Any:
    return column[rows]
