"""Open leads tell a leak from a strong field: what is written with the outcome is not there while a lead is open.

A field is compared between decided and open leads of the same time: how often it is filled in, and how often it has
any one value, such as 0 calls or the state "new".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadwerk.learning.landmarks import Times
from leadwerk.learning.target_encoding import MISSING_CELL, cells
from leadwerk.stats.arrays import Bools, Index, evenly
from leadwerk.stats.leak_finding import LeakCheck, LeakFinding
from leadwerk.stats.within_time import equal_blocks

# Share of decided leads that have the field, less that of open leads created at the same time: .14 at most was honest.
STOP, SUSPECT, Z = 0.50, 0.25, 4.0
# A field of few leads, which open ones of the same time lack almost always: written with the outcome.
RARE_FROM, RARE_LOSS = 0.02, 0.75

MOST_ROWS = 20_000
"""Decided and open leads looked at, each evenly in time."""

MOST_BLOCKS, LEADS_A_BLOCK = 100, 5
"""Fine blocks of time, by the number of open leads: a campaign that began with the newest leads is no leak."""


@dataclass(frozen=True)
class OpenLeads:
    """Leads without an outcome: the same fields as the decided ones, (k,) each, and when they were created."""

    fields: Mapping[str, Any]
    as_of: Times


@dataclass(frozen=True)
class _Gap:
    """Share of decided less share of open leads that have something, its standard error, and that of decided leads."""

    value: float
    error: float
    decided: float

    @property
    def is_clear(self) -> bool:
        return self.value > Z * self.error

    def finding(self, field: str, check: LeakCheck, *, stops: bool, best_value: str | None = None) -> LeakFinding:
        """The gap as what a check found."""
        low = self.value - Z * self.error
        return LeakFinding(field=field, check=check, stops=stops, figure=self.value, low=low, best_value=best_value)


def findings_by_open_leads(
    fields: Mapping[str, Any], as_of: Times, open_leads: OpenLeads, certain: Collection[str]
) -> list[LeakFinding]:
    """Fields that decided leads have and open leads of the same time lack, or in which these have a value of their own.

    `certain`: fields of which some value all but decides the outcome; they stop although few leads have them.
    """
    decided, still_open = evenly(len(as_of), MOST_ROWS), evenly(len(open_leads.as_of), MOST_ROWS)
    is_open = np.r_[np.zeros(len(decided), bool), np.ones(len(still_open), bool)]
    block = _fine_blocks(np.r_[as_of[decided], open_leads.as_of[still_open]], len(still_open))
    findings = []
    for name, column in fields.items():
        values = np.concatenate([np.asarray(column)[decided], np.asarray(open_leads.fields[name])[still_open]])
        cell = cells(values)
        finding = _by_presence(name, cell, is_open, block, certain) or _by_value(name, values, cell, is_open, block)
        if finding is not None:
            findings.append(finding)
    return findings


def _fine_blocks(as_of: Times, open_count: int) -> Index:
    return equal_blocks(as_of, int(np.clip(open_count // LEADS_A_BLOCK, 2, MOST_BLOCKS)))


def _by_presence(name: str, cell: Index, is_open: Bools, block: Index, certain: Collection[str]) -> LeakFinding | None:
    gap = _gap(cell != MISSING_CELL, is_open, block)
    is_rare = gap.decided >= RARE_FROM and gap.value >= RARE_LOSS * gap.decided
    if not gap.is_clear or not (gap.value > SUSPECT or is_rare):
        return None
    return gap.finding(name, "presence", stops=gap.value > STOP or name in certain)


def _by_value(name: str, values: Any, cell: Index, is_open: Bools, block: Index) -> LeakFinding | None:
    """The value that open leads have more often than decided ones, where that is more than chance and campaigns do."""
    shares = [np.bincount(cell[group], minlength=int(cell.max()) + 1) / group.sum() for group in (is_open, ~is_open)]
    excess = shares[0] - shares[1]
    excess[MISSING_CELL] = 0.0
    likeliest = int(np.argmax(excess))
    if excess[likeliest] <= SUSPECT:
        return None
    gap = _gap(cell == likeliest, ~is_open, block)
    if gap.value <= SUSPECT or not gap.is_clear:
        return None
    example = values[np.flatnonzero(cell == likeliest)[0]]
    value = f"{example:g}" if isinstance(example, float) else str(example)
    return gap.finding(name, "open_value", stops=gap.value > STOP, best_value=value)


def _gap(has: Bools, is_open: Bools, block: Index) -> _Gap:
    """The gap within blocks, which count by the harmonic mean of both numbers (Cochran 1954, Biometrics 10, p. 417)."""
    count = int(block.max(initial=0)) + 1
    sizes = [np.bincount(block[group], minlength=count) for group in (~is_open, is_open)]
    hits = [np.bincount(block[group], has[group], minlength=count) for group in (~is_open, is_open)]
    both = (sizes[0] > 0) & (sizes[1] > 0)
    if not both.any():
        return _Gap(0.0, float("inf"), 0.0)
    (decided, still_open), (decided_hits, open_hits) = ([part[both] for part in parts] for parts in (sizes, hits))
    weight = decided * still_open / (decided + still_open)
    weight = weight / weight.sum()
    shares = decided_hits / decided, open_hits / still_open
    has_it = (decided_hits + open_hits).sum() / (decided + still_open).sum()
    # By chance both groups of a block have one rate; that of all blocks counts as one more lead.
    rate = (decided_hits + open_hits + has_it) / (decided + still_open + 1)
    variance = rate * (1 - rate) * (1 / decided + 1 / still_open)
    error = float(np.sqrt(weight**2 @ variance))
    return _Gap(float(weight @ (shares[0] - shares[1])), error, float(weight @ shares[0]))
