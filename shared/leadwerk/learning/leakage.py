"""Leakage gate: finds fields that know the outcome, before a model may learn from them.

A field that sales fill in when the outcome is near makes a beautiful model that is useless for a new lead. Each check
compares a field's ranking within blocks of time with the best that honest fields reached, by its lower confidence
limit (Bonferroni over the fields). A stop is a question for a person: exclude the field, or keep it for a stated
reason. Kaufman et al. 2012, Leakage in data mining, ACM TKDD 6 (4), §3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.features.linear import Linear
from leadwerk.learning.landmarks import Times
from leadwerk.learning.open_leads import OpenLeads, findings_by_open_leads
from leadwerk.learning.ridge import fit_linear
from leadwerk.learning.split import folds
from leadwerk.learning.target_encoding import MISSING_CELL, cells, is_missing, out_of_fold_log_odds
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.leak_finding import LeakCheck, LeakFinding, LeakReport
from leadwerk.stats.within_time import WithinTimeAuc, time_blocks, within_time_auc

FEWEST_ROWS, FEWEST_LEADS_OF_A_CLASS = 100, 10
"""Below these nothing can be checked; the limits widen by themselves where leads are few."""

MOST_ROWS = 40_000
"""Rows looked at: all conversions first, then others by chance; an area under the curve does not mind the share."""

FOLDS = 5
ERROR_RATE = 0.05

# Strongest honest field seen alone: .76 (lower limit .743), weakest leak: .83.
ALONE_STOP, ALONE_SUSPECT = 0.90, 0.77
# Late form fields reach .65 by being missing, reasons for a loss 1.0.
MISSING_STOP, MISSING_SUSPECT = 0.80, 0.62
# A field as good as all others together. A page value of a shop is that, too, and honest: no value of it is near
# certain. So a stop also needs values that all but decide the outcome.
DOMINATES_FROM, DOMINANCE = 0.75, 0.9
NEAR_CERTAIN_ODDS, NEAR_CERTAIN_SHARE = 40.0, 0.25


@dataclass(frozen=True)
class _Evidence:
    """What one field says: its cells, out-of-fold log-odds, and areas by value and by being missing."""

    cell: Index
    log_odds: Floats
    alone: WithinTimeAuc
    missing: WithinTimeAuc


@dataclass(frozen=True)
class _Rows:
    """Decided rows: labels, lead, block of time, fold; `quantile` makes a confidence limit."""

    converted: Bools
    lead: Index
    block: Index
    fold: Index
    quantile: float

    @cached_property
    def by_chance(self) -> WithinTimeAuc:
        """The area of an order that says nothing, with its error."""
        return _auc(np.zeros(len(self.converted)), self)


@dataclass(frozen=True)
class _CellCounts:
    """Rows and conversions of each cell, and the share of all rows that convert."""

    rows: Index
    hits: Floats
    average: float

    @property
    def odds_ratio(self) -> Floats:
        """Each cell's odds by those of all rows, after one more row of the average."""
        odds = (self.hits + self.average) / (self.rows - self.hits + 1 - self.average)
        return odds * (1 - self.average) / self.average


def _counts(cell: Index, rows: _Rows) -> _CellCounts:
    hits = np.bincount(cell, rows.converted).astype(np.float64)
    return _CellCounts(np.bincount(cell), hits, float(rows.converted.mean()))


def find_leaks(
    fields: Mapping[str, Any],
    converted: Bools,
    as_of: Times,
    *,
    lead: Index | None = None,
    open_leads: OpenLeads | None = None,
    seed: int = 1,
) -> LeakReport:
    """Check each field of n decided rows; None, NaN and empty texts are missing, an array of numbers is a number.

    Args:
        fields: values (n,) by the name under which people know the field.
        converted: whether the row's lead converted.
        as_of: creation of the row, or the moment it is looked at; a file's order will do.
        lead: the same number for rows of one lead; None: each row is a lead of its own.
        open_leads: None without such leads; then presence cannot be checked.
    """
    lead = np.arange(len(converted)) if lead is None else lead
    classes = (len(np.unique(lead[converted])), len(np.unique(lead[~converted])))
    if len(converted) < FEWEST_ROWS or min(classes) < FEWEST_LEADS_OF_A_CLASS:
        return LeakReport(rows=len(converted), fields=len(fields))
    chosen = rows_to_check(converted, seed)
    rows = _rows(converted[chosen], as_of[chosen], lead[chosen], len(fields), seed)
    columns = {name: np.asarray(column)[chosen] for name, column in fields.items()}
    evidence = {name: leak for name, column in columns.items() if (leak := _evidence(column, rows)) is not None}
    findings = [*_by_ranking(evidence, columns, rows), *_by_open_leads(fields, as_of, open_leads, evidence, rows)]
    findings.sort(key=lambda finding: (not finding.stops, -finding.low))
    return LeakReport(rows=len(converted), fields=len(fields), findings=tuple(findings))


def _by_open_leads(
    fields: Mapping[str, Any],
    as_of: Times,
    open_leads: OpenLeads | None,
    evidence: Mapping[str, _Evidence],
    rows: _Rows,
) -> list[LeakFinding]:
    if open_leads is None or not len(open_leads.as_of):
        return []
    certain = {name for name, field in evidence.items() if _has_certain_value(field.cell, rows)}
    return findings_by_open_leads(fields, as_of, open_leads, certain)


def rows_to_check(converted: Bools, seed: int = 1) -> Index:
    """Places of at most MOST_ROWS rows in their order: up to half of them conversions."""
    if len(converted) <= MOST_ROWS:
        return np.arange(len(converted))
    random = np.random.default_rng(seed)
    positives = random.permutation(np.flatnonzero(converted))[: MOST_ROWS // 2]
    negatives = random.permutation(np.flatnonzero(~converted))[: MOST_ROWS - len(positives)]
    return np.sort(np.r_[positives, negatives])


def _rows(converted: Bools, as_of: Times, lead: Index, fields: int, seed: int) -> _Rows:
    positives = len(np.unique(lead[converted]))
    quantile = NormalDist().inv_cdf(1 - ERROR_RATE / (2 * max(fields, 1)))
    return _Rows(converted, lead, time_blocks(as_of, positives), folds(lead, count=FOLDS, seed=seed), float(quantile))


def _evidence(column: Any, rows: _Rows) -> _Evidence | None:
    """None for a field that is the same in all rows."""
    cell = cells(column)
    if len(np.unique(cell)) < 2:
        return None
    log_odds = out_of_fold_log_odds(cell, rows.converted, rows.fold)
    missing = (cell == MISSING_CELL) * 1.0
    by_missing = max(_auc(missing, rows), _auc(-missing, rows), key=_value) if missing.any() else rows.by_chance
    return _Evidence(cell, log_odds, _auc(log_odds, rows), by_missing)


def _value(auc: WithinTimeAuc) -> float:
    return auc.value


def _auc(score: Floats, rows: _Rows) -> WithinTimeAuc:
    return within_time_auc(rows.converted, score, rows.block, rows.lead)


def _by_ranking(evidence: Mapping[str, _Evidence], columns: Mapping[str, Any], rows: _Rows) -> list[LeakFinding]:
    """Findings of ranking: what stops is taken out, until nothing new dominates what is left."""
    findings: dict[str, LeakFinding] = {}
    left = dict(evidence)
    while True:
        stopped = []
        for name, field in left.items():
            finding = _judged(name, field, left, rows)
            if finding is not None:
                findings[name] = finding
                stopped += [name] if finding.stops else []
        left = {name: field for name, field in left.items() if name not in stopped}
        if not stopped or not left:
            return [_with_best_value(finding, columns, evidence, rows) for finding in findings.values()]


def _judged(name: str, field: _Evidence, left: Mapping[str, _Evidence], rows: _Rows) -> LeakFinding | None:
    alone, missing = field.alone.lower(rows.quantile), field.missing.lower(rows.quantile)
    dominance = _dominance(name, field, left, rows) if alone >= DOMINATES_FROM else None
    dominates = dominance is not None and dominance >= DOMINANCE
    check: LeakCheck
    if missing >= MISSING_STOP or (alone < ALONE_SUSPECT and missing >= MISSING_SUSPECT and not dominates):
        check, auc, low = "missing", field.missing, missing
    elif dominates and alone < ALONE_STOP:
        check, auc, low = "dominates", field.alone, alone
    elif alone >= ALONE_SUSPECT:
        check, auc, low = "alone", field.alone, alone
    else:
        return None
    stops = missing >= MISSING_STOP or alone >= ALONE_STOP or (dominates and _is_near_certain(field.cell, rows))
    return LeakFinding(field=name, check=check, stops=stops, figure=auc.value, low=low, dominance=dominance)


def _dominance(name: str, field: _Evidence, left: Mapping[str, _Evidence], rows: _Rows) -> float | None:
    """The field's lead over chance by that of all others together; None where it is the only one."""
    other_evidence = {other: evidence for other, evidence in left.items() if other != name}
    if not other_evidence:
        return None
    rest = _auc(_together(other_evidence, rows), rows).value
    return float((field.alone.value - 0.5) / max(rest - 0.5, 0.01))


def _together(evidence: Mapping[str, _Evidence], rows: _Rows) -> Floats:
    """Out-of-fold log-odds by a regression on all fields' log-odds, (n,).

    Not standardised: what varies little says little, and a column that hardly varies is mostly its folds' own noise.
    """
    matrix = np.column_stack([field.log_odds for field in evidence.values()]).astype(np.float32)
    score = np.empty(len(matrix))
    for number in range(FOLDS):
        held_out = rows.fold == number
        score[held_out] = _fit(matrix[~held_out], rows.converted[~held_out]).margin(matrix[held_out])
    return score


def _fit(matrix: NDArray[np.float32], converted: Bools) -> Linear:
    return fit_linear(matrix, converted, standardised=False)


def _is_near_certain(cell: Index, rows: _Rows) -> bool:
    """Whether many conversions have values at which almost all leads convert."""
    counts = _counts(cell, rows)
    certain = counts.odds_ratio >= NEAR_CERTAIN_ODDS
    return bool(counts.hits[certain].sum() >= NEAR_CERTAIN_SHARE * counts.hits.sum())


def _has_certain_value(cell: Index, rows: _Rows) -> bool:
    """Whether a value, a missing one aside, all but decides the outcome, for either."""
    counts = _counts(cell, rows)
    odds = counts.odds_ratio
    is_certain = (np.maximum(odds, 1 / odds) >= NEAR_CERTAIN_ODDS) & (counts.rows >= FEWEST_LEADS_OF_A_CLASS)
    return bool(is_certain[MISSING_CELL + 1 :].any())


def _with_best_value(
    finding: LeakFinding, columns: Mapping[str, Any], evidence: Mapping[str, _Evidence], rows: _Rows
) -> LeakFinding:
    """The finding with the value that most conversions of near certainty have, of a category only."""
    column = columns[finding.field]
    if column.dtype.kind in "iufb":
        return finding
    cell = evidence[finding.field].cell
    counts = _counts(cell, rows)
    surprise = counts.hits - counts.average * counts.rows
    surprise[MISSING_CELL] = 0
    best = int(np.argmax(surprise))
    example = column[np.flatnonzero(cell == best)[0]] if counts.rows[best] and surprise[best] > 0 else None
    if example is None or is_missing(example):
        return finding
    return msgspec.structs.replace(
        finding,
        best_value=str(example),
        best_rate=float(counts.hits[best] / counts.rows[best]),
        best_rows=int(counts.rows[best]),
    )
