"""Result of the stage `report`; apart from it, because the stage's imports cost a function's cold start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportWritten:
    """Name of the page in its store, and its main figures (None: not enough data yet).

    `drift`: stability index of the feature `drifted`, which changed most since training (pipeline.health).
    """

    name: str
    bytes: int
    scored_leads: int
    auc: float | None
    ece: float | None
    lift_at_10: float | None
    calls_saved: float | None
    conversions_kept: float | None
    champion_age_days: float | None
    drift: float | None
    drifted: str | None
