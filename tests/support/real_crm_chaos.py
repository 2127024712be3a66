"""Deliveries while everything fails: at the end the CRM shows each lead's newest decision."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from leadwerk.crm.port import CRM
from leadwerk.pipeline import deliver
from leadwerk.policy import load
from leadwerk.policy.crm import CRMFieldName, CRMSection
from leadwerk.simulation.crm_faults import Faults, FaultSwitch
from leadwerk.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHOWN = ("predictive_score", "score_cluster", "recommended_action", "probability", "score_reasons")
POLICY = replace(load("mortgage"), crm=CRMSection(fields=tuple(CRMFieldName(shows=shows) for shows in SHOWN)))


def score(lead_id: str, number: int, at: datetime) -> dict[str, Any]:
    return {
        "score_id": f"{lead_id}-{at.isoformat()}", "lead_id": lead_id, "day": at.date(), "scored_at": at,
        "stored_at": at,
        "score_origin": "rescore", "basis": "model", "model_version": "m1", "policy_version": "p1",
        "probability": number / 200, "predictive_score": number, "score_cluster": "HOT" if number > 70 else "WARM",
        "recommended_action": "Send_Offer", "language": "de", "has_web_behaviour": True,
        "reasons": [{"feature": "visits", "contribution": 0.4, "text": "Kam wieder"}],
    }  # fmt: skip


def deliver_in_chaos(
    warehouse: DuckDBWarehouse,
    connect: Callable[[], CRM],
    faults: FaultSwitch,
    lead_ids: list[str],
    seed: int,
    disturb: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Store scores and deliver them, hour by hour, with faults at random; return the newest score of each lead.

    Each run connects anew, as a process of its own does.
    """
    draw = random.Random(seed)
    newest: dict[str, int] = {}
    for hour in range(6):
        at = NOW + timedelta(hours=hour)
        scores: list[dict[str, Any]] = []
        for lead_id in draw.sample(lead_ids, len(lead_ids) // 2 + 1):
            newest[lead_id] = draw.randrange(101)
            scores.append(score(lead_id, newest[lead_id], at - timedelta(minutes=1)))
        warehouse.append("scores", scores)
        rates = {name: draw.choice((0.0, 0.1, 0.3)) for name in ("error", "throttle", "drop", "drop_after_commit")}
        faults.set(Faults(seed=seed * 100 + hour, **rates))
        disturb(hour)
        deliver.run(warehouse, POLICY, connect(), now=at)
    faults.set(Faults())
    for day in range(1, 4):
        report = deliver.run(warehouse, POLICY, connect(), now=NOW + timedelta(days=day))
        if not report.pending:
            break
    assert (report.pending, report.dead_letter) == (0, 0)
    return newest
