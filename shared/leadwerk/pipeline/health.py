"""Champion health: its age, and the drift of this week's leads from its training data, as the night measured it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadwerk.catalogue.periods import SECONDS_A_DAY
from leadwerk.pipeline.drift.check_rows import latest_check_of_model
from leadwerk.registry import Manifest
from leadwerk.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class Health:
    """Champion's age in days since training; largest stability index (`drift`) and its feature (`drifted`).

    `by_feature`: stability indices of features, the largest first: of those beyond the alarm's limit, else of the
    monitor's largest (pipeline.drift.lead_drift).
    """

    age_days: float | None = None
    drift: float | None = None
    drifted: str | None = None
    by_feature: tuple[tuple[str, float], ...] = ()


def health_of(warehouse: Warehouse, champion: Manifest | None, *, now: datetime) -> Health:
    """The champion's health as of `now` (aware); empty without a champion, without drift before its first check."""
    if champion is None:
        return Health()
    age = round((now - datetime.fromisoformat(champion.created_at)).total_seconds() / SECONDS_A_DAY, 2)
    check = latest_check_of_model(warehouse, "features", champion.version, now)
    if check is None or not check.drivers:
        return Health(age)
    by_feature = tuple((driver.name, driver.statistic) for driver in check.drivers)
    return Health(age, check.statistic, check.drivers[0].name, by_feature)
