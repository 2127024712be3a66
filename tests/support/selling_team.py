"""A team with time for leads, and leads that come in day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from leadwerk.pipeline.thresholds import daily as threshold
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Rule
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

NOW = datetime(2026, 5, 4, 4, 15, tzinfo=UTC)
DAY = timedelta(days=1)
MORTGAGE = load("mortgage")


def policy_with(*sellers: Seller, rank_by: str = "model", **capacity: Any) -> Policy:
    rule = Rule(name="somebody", group="who", points=1)
    return msgspec.structs.replace(
        MORTGAGE,
        capacity=Capacity(sellers=sellers, **capacity),
        points=msgspec.structs.replace(MORTGAGE.points, rules=(rule,)),
        decision=msgspec.structs.replace(MORTGAGE.decision, rank_by=rank_by),
    )


def anna(hours: float, *languages: str) -> Seller:
    return Seller(name="anna", hours_per_week=hours, languages=languages)


def come_in(
    warehouse: DuckDBWarehouse,
    each_day: list[float],
    *,
    days: int = 35,
    language: str = "de",
    until: datetime = NOW,
    region: str | None = "CH-ZH",
) -> None:
    """Every day of the last `days` one lead for each of these points, scored an hour after it came."""
    leads, scores = [], []
    for i, (at, points) in enumerate(_arrivals(each_day, days, until)):
        lead_id = f"{language}{at:%y%m%d}{i}"
        leads.append(
            {
                "event_id": lead_id, "lead_id": lead_id, "recorded_at": at, "created_at": at, "web_consent": True,
                "language": language, "region": region,
            }
        )  # fmt: skip
        scores.append(
            {
                "score_id": lead_id, "lead_id": lead_id, "day": at.date(), "scored_at": at + timedelta(hours=1),
                "stored_at": at, "score_origin": "rescore", "basis": "points", "policy_version": "p", "points": points,
                "score_cluster": "COLD", "recommended_action": "Wait", "language": language, "has_web_behaviour": False,
            }
        )  # fmt: skip
    with warehouse.unit_of_work():
        warehouse.append("leads", leads)
        warehouse.append("scores", scores)


def _arrivals(each_day: list[float], days: int, until: datetime) -> Iterator[tuple[datetime, float]]:
    for day in range(days):
        for points in each_day:
            yield until - (day + 0.5) * DAY, points


def stored(warehouse: DuckDBWarehouse) -> list[dict[str, Any]]:
    return warehouse.rows(from_text("SELECT * FROM leadwerk.thresholds ORDER BY day, basis, seller_pool"), {})


def by_pool(report: threshold.ThresholdReport) -> dict[str, threshold.ThresholdDecision]:
    return {line.seller_pool: line for line in report.thresholds if line.basis == "points"}
