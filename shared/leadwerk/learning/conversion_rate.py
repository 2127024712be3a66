"""A share of conversions with its interval, where rows of one lead share its fate."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from leadwerk.stats.arrays import Bools, Index
from leadwerk.stats.wilson import wilson


class ConversionRate(Struct, frozen=True, kw_only=True):
    """`converted` of `rows` (from `leads` different leads), as a rate with its 95 % interval."""

    rows: int
    leads: int
    converted: int
    rate: float
    low: float
    high: float


def conversion_rate(converted: Bools, lead: Index) -> ConversionRate:
    """The share of rows that converted, with Wilson's interval for as many independent rows as they are worth.

    n rows of fewer leads are worth p(1−p)/v rows, v being the variance of the rate with leads drawn (Korn and Graubard
    1998, Survey Methodology 24, §2). Without rows, or without any variation, each lead counts once.

    >>> conversion_rate(np.array([True, False, False, False]), np.arange(4)).rate
    0.25
    """
    rows = len(converted)
    _, position = np.unique(lead, return_inverse=True)
    leads = int(position.max(initial=-1)) + 1
    rate = float(converted.mean()) if rows else 0.0
    variance = float((np.bincount(position, weights=converted - rate) ** 2).sum()) / max(rows, 1) ** 2
    independent_rows = min(rate * (1 - rate) / variance, rows) if variance > 0 else leads
    low, high = wilson(rate, independent_rows)
    return ConversionRate(rows=rows, leads=leads, converted=int(converted.sum()), rate=rate, low=low, high=high)


def direction(rate: ConversionRate, other_rate: ConversionRate) -> int:
    """1 if the first interval lies above the second, -1 if below, 0 if they overlap."""
    return int(rate.low > other_rate.high) - int(rate.high < other_rate.low)
