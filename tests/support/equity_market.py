"""Leads whose chance falls with loan to value: rows of leads and outcomes, small enough to learn from in a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

START = datetime(2026, 1, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def leads_and_outcomes(count: int = 700, days: int = 180, seed: int = 1, first: int = 0) -> tuple[Rows, Rows]:
    """Leads whose chance falls with loan to value; half of the closed ones after 5, half after 20 days."""
    random = np.random.default_rng(seed)
    leads: Rows = []
    outcomes: Rows = []
    for k in range(first, first + count):
        created = START + timedelta(days=float((k - first) / count * days))
        ltv = random.uniform(0.3, 1.0)
        won = random.random() < 1 / (1 + np.exp(8 * (ltv - 0.45)))
        # What no feature of the contract says, but rules may ask for.
        leads.append(lead(f"L{k}", created, ltv) | {"job_title": "buyer" if won else "visitor"})
        closed = created + timedelta(days=int(random.choice([5, 20])))
        for at, outcome in ((created, "open"), (closed, "paid_out" if won else "lost")):
            outcomes.append(change(f"L{k}", at, outcome))
    return leads, outcomes


def lead(lead_id: str, created: datetime, ltv: float) -> dict[str, Any]:
    return {
        "event_id": f"{lead_id}-created",
        "lead_id": lead_id,
        "recorded_at": created,
        "created_at": created,
        "web_consent": False,
        "loan_amount": 500_000.0 * ltv,
        "property_value": 500_000.0,
        "country": "CH",
        "attributes": [],
    }


def change(lead_id: str, at: datetime, outcome: str) -> dict[str, Any]:
    return {
        "event_id": f"{lead_id}-{outcome}",
        "lead_id": lead_id,
        "day": at.date(),
        "occurred_at": at,
        "recorded_at": at,
        "status": outcome,
        "outcome": outcome,
    }
