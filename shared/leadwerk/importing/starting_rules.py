"""Starting rules: points for what won leads of a small file have more often, so that leads have an order at once.

A model needs more leads than a young company has. Until one is promoted, these rules decide; they are hints of a few
leads, meant to be edited, and `leadwerk suggest` improves them as outcomes come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from leadwerk.importing.column_mapping import ColumnMapping
from leadwerk.importing.mapping import AttributeSource
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.option_list import split_options
from leadwerk.importing.statuses import status_codes
from leadwerk.importing.table import CsvTable
from leadwerk.lead.yes_no import parse_yes_no
from leadwerk.policy.folding import folded

SMALL_FILE = 250
"""Decided leads up to which rules are written: from about here on a model usually finds what there is to find."""

_MOST_RULES, _MOST_GUESSES = 6, 2
_FEWEST_DECIDED = 4
_POINTS_PER_DOUBLING = 15
_FEWEST_POINTS, _MOST_POINTS = 5, 40
_QUANTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Bar:
    """What a condition needs for a rule: leads on either side, also as a share of all, and standard errors between."""

    leads: int
    share: float
    z: float


HINT = Bar(leads=5, share=0.05, z=1.64)
"""One-sided, 5 %: a hint, not a proof."""
GUESS = Bar(leads=2, share=0.0, z=1.0)
"""Where nothing passes as a hint, an order that is a guess is better than none: few points, and said to be one."""


@dataclass(frozen=True)
class StartingRule:
    """Points for leads of which a condition on one attribute holds; `z`: by how many standard errors they win more.

    `is_guess`: too weak to be a hint.
    """

    attribute: str
    label: str
    condition: dict[str, object]
    points: int
    z: float
    is_guess: bool = False


def decided_leads(table: CsvTable, mapping: ColumnMapping) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The rows whose lead was won or lost, and which of them were won."""
    codes, names = status_codes(table, mapping)
    is_open = np.array([*(name in mapping.open for name in names), True])
    is_won = np.array([*(folded(name) == folded(mapping.positive) for name in names), False])
    decided = np.flatnonzero(~is_open[codes])
    return decided, is_won[codes[decided]]


def starting_rules(
    table: CsvTable, mapping: ColumnMapping, sources: Sequence[AttributeSource]
) -> tuple[StartingRule, ...]:
    """The strongest rules of a small file, one an attribute; guesses where none is a hint; none of a large file."""
    decided, won = decided_leads(table, mapping)
    if not _FEWEST_DECIDED <= len(decided) <= SMALL_FILE:
        return ()
    hints = _strongest(table, sources, decided, won, HINT)[:_MOST_RULES]
    return tuple(hints or _strongest(table, sources, decided, won, GUESS)[:_MOST_GUESSES])


def _strongest(
    table: CsvTable,
    sources: Sequence[AttributeSource],
    decided: NDArray[np.intp],
    won: NDArray[np.bool_],
    bar: Bar,
) -> list[StartingRule]:
    rules = []
    for source in sources:
        candidates = (
            rule
            for label, condition, holds in _conditions(table, source, decided)
            if (rule := _rule(source, label, condition, holds, won, bar)) is not None
        )
        if (best := max(candidates, key=lambda rule: rule.z, default=None)) is not None:
            rules.append(best)
    return sorted(rules, key=lambda rule: -rule.z)


def _conditions(
    table: CsvTable, source: AttributeSource, rows: NDArray[np.intp]
) -> Iterator[tuple[str, dict[str, object], NDArray[np.bool_]]]:
    """Conditions that a column allows, and for which of the rows they hold."""
    column, kind = table.column(source.column.name), source.column.kind
    codes = column.codes[rows]
    if kind == "category":
        texts = [folded(text) for text in column.texts()]
        for level in column.commonest(len(texts)):
            same = np.array([text == folded(level) for text in texts])
            yield f"{source.column.name}: {level}", {"any_of": [level]}, same[codes]
    elif kind == "yes_no":
        yes = np.array([answer == 1.0 for answer in column.map_objects(parse_yes_no)])
        yield source.column.name, {"at_least": 1}, yes[codes]
    elif kind == "options":
        separator, option = source.column.format.separator or ";", folded(source.option)
        listed = [option in {folded(part) for part in split_options(text, separator)} for text in column.texts()]
        yield f"{source.column.name}: {source.option}", {"at_least": 1}, np.array(listed)[codes]
    elif kind == "number":
        numbers = numbers_of(column, source.column.format.decimal)[codes]
        for edge in np.unique(np.nanquantile(numbers, _QUANTILES)).tolist() if not np.isnan(numbers).all() else ():
            edge = float(f"{edge:.3g}")
            yield f"{source.column.name} ≥ {edge:g}", {"at_least": edge}, numbers >= edge
            yield f"{source.column.name} < {edge:g}", {"below": edge}, numbers < edge


def _rule(
    source: AttributeSource,
    label: str,
    condition: dict[str, object],
    holds: NDArray[np.bool_],
    won: NDArray[np.bool_],
    bar: Bar,
) -> StartingRule | None:
    """The rule of a condition that won leads satisfy more often than others; None if that may well be chance."""
    inside, outside = int(holds.sum()), int((~holds).sum())
    if min(inside, outside) < max(bar.leads, bar.share * len(won)):
        return None
    rate, other_rate, overall = float(won[holds].mean()), float(won[~holds].mean()), float(won.mean())
    z = (rate - other_rate) / sqrt(max(overall * (1 - overall), 1e-9) * (1 / inside + 1 / outside))
    if z < bar.z:
        return None
    # Half a lead added to each count (Haldane 1956), so that rates of 0 and 1 have odds.
    won_inside, won_outside = rate * inside + 0.5, other_rate * outside + 0.5
    odds_ratio = won_inside * (outside - other_rate * outside + 0.5) / ((inside - rate * inside + 0.5) * won_outside)
    points = 5 * round(_POINTS_PER_DOUBLING * log(max(odds_ratio, 1.0), 2) / 5)
    most = _FEWEST_POINTS if bar is GUESS else _MOST_POINTS
    return StartingRule(source.name, label, condition, min(max(points, _FEWEST_POINTS), most), z, bar is GUESS)
