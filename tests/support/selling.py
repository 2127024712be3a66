"""A small B2B market: companies, their people, their newest scores; for the list, picks, accounts and histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_leads
from support.homes import home_warehouse

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
BORN = NOW - timedelta(days=20)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POLICY = load("b2b_swiss")


def lead(lead_id: str, **changes: Any) -> dict[str, Any]:
    """A version of a lead (row of `leads`) of a company without any facts."""
    nothing = dict.fromkeys(("loan_amount", "property_value", "income", "instalment", "account_id"))
    base = {"event_id": f"crm:{lead_id}", "recorded_at": BORN, "created_at": BORN, "email_domain_kind": "business"}
    return example_leads.lead(lead_id, **{**nothing, **base, **changes})


def score(lead_id: str, at: datetime = NOW - DAY, **changes: Any) -> dict[str, Any]:
    """A stored score (row of `scores`) of a model that also points."""
    base = {
        "score_id": f"s:{lead_id}:{at.isoformat()}",
        "lead_id": lead_id,
        "day": at.date(),
        "scored_at": at,
        "stored_at": at,
        "score_origin": "rescore",
        "basis": "model",
        "model_version": "m1",
        "policy_version": POLICY.version,
        "probability": 0.2,
        "predictive_score": 60,
        "score_cluster": "WARM",
        "recommended_action": "Nurture",
        "language": "de",
        "has_web_behaviour": True,
        "reasons": [{"feature": "visits", "contribution": 0.4, "text": "Dafür spricht: 3 Besuche"}],
        "fit": 40.0,
        "interest": 25.5,
        "points": 65.5,
        "grade": "B",
        "level": 2,
        "matrix_cell": "B2",
        "icp": 80,
        "tier": None,
        "traffic_light": "green",
        "phase": "interest",
        "stage": "mql",
        "hot_threshold": 70,
        "ledger": [],
    }
    return base | changes


def touch(number: int, lead_id: str, kind: str, at: datetime) -> dict[str, Any]:
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"t{number}", "lead_id": lead_id, **times, "kind": kind}


def outcome(lead_id: str, at: datetime, status: str, kind: str) -> dict[str, Any]:
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"o:{lead_id}:{status}", "lead_id": lead_id, **times, "status": status, "outcome": kind}


def warehouse(home: Path, **tables: list[dict[str, Any]]) -> DuckDBWarehouse:
    """A warehouse under `home` with these rows."""
    filled = home_warehouse(home)
    with filled.unit_of_work():
        for name, rows in tables.items():
            filled.append(name, rows)
    return filled
