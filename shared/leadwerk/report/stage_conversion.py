"""Stage conversion: how many of the leads that entered a stage reached the next one within its horizon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from msgspec import Struct


class StageConversion(Struct, frozen=True, kw_only=True):
    """Leads that first entered `stage` in `month` (its first day; None: in the whole period).

    `matured` of them did so a whole horizon ago, and `advanced` of these reached a later stage within it: `rate`, with
    a 95 % interval (Wilson); None before any matured.
    """

    stage: str
    next_stage: str
    horizon_days: int
    month: date | None
    entered: int
    matured: int
    advanced: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class StageFunnel:
    """Conversions by stage of the way over the whole period, and by stage and month, the newest last."""

    since: date
    stages: tuple[StageConversion, ...]
    months: tuple[StageConversion, ...]
