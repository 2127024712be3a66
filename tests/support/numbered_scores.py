"""Scores on their way to a CRM: the first, the second … of a lead, one a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from leadwerk.crm.port import CRM
from leadwerk.pipeline import deliver
from leadwerk.policy import load
from leadwerk.warehouse.protocol import Warehouse

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POLICY = load("mortgage")
MINUTE = timedelta(minutes=1)


def score(lead_id: str, number: int, **other: Any) -> dict[str, Any]:
    """The `number`-th score of a lead, one a minute."""
    at = NOW - timedelta(hours=1) + number * MINUTE
    row = {
        "score_id": f"{lead_id}-{number}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "model_version": "m1", "policy_version": "p1", "probability": 0.1,
        "predictive_score": number, "score_cluster": "WARM", "recommended_action": "Send_Offer", "language": "de",
        "has_web_behaviour": True, "reasons": [{"feature": "visits", "contribution": 0.4, "text": "Kam wieder"}],
    }  # fmt: skip
    return {**row, **other}


def run(warehouse: Warehouse, crm: CRM, minutes: int = 0, **other: Any) -> deliver.DeliverReport:
    """A delivery so many minutes after NOW."""
    return deliver.run(warehouse, POLICY, crm, now=NOW + minutes * MINUTE, selection=deliver.OutboxSelection(**other))
