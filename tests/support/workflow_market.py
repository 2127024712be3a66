"""Leads, scores, stages and picks as the tables hold them, and a policy with workflows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from leadwerk.policy import load
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.policy.workflows import (
    Channel,
    QuietHours,
    Workflow,
    WorkflowAction,
    WorkflowFilter,
    Workflows,
    WorkflowTrigger,
)
from leadwerk.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)  # a Tuesday, 10 o'clock in Zurich
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MESSAGE = WorkflowAction(do="message", channel="sales")
EVENT = WorkflowAction(do="event", channel="partner")
TASK = WorkflowAction(do="task", due_minutes=60)
CHANNELS = (Channel(name="sales", kind="slack"), Channel(name="partner", kind="webhook"))
ANNA, BEAT = (
    Seller(name="anna", hours_per_week=20, languages=("de",)),
    Seller(name="beat", hours_per_week=20, languages=("de", "fr")),
)


def rule(name: str, change: Any, *actions: WorkflowAction, **other: Any) -> Workflow:
    trigger = {key: other.pop(key) for key in ("score", "stages", "hours") if key in other}
    return Workflow(name=name, when=WorkflowTrigger(change=change, **trigger), actions=actions or (MESSAGE,), **other)


def policy(*rules: Workflow, quiet: QuietHours | None = None, sellers: tuple[Seller, ...] = (ANNA, BEAT)) -> Policy:
    workflows = Workflows(rules=rules, channels=CHANNELS, quiet=quiet or QuietHours())
    return msgspec.structs.replace(load("b2b_swiss"), workflows=workflows, capacity=Capacity(sellers=sellers))


def only(**lists: Any) -> WorkflowFilter:
    return WorkflowFilter(**lists)


def score(lead_id: str, at: datetime, cluster: str = "WARM", value: int = 55, **other: Any) -> dict[str, Any]:
    row = {
        "score_id": f"{lead_id}@{at.isoformat()}", "lead_id": lead_id, "day": at.date(), "scored_at": at,
        "stored_at": at, "score_origin": "rescore", "basis": "model", "policy_version": "p", "probability": 0.1,
        "predictive_score": value, "score_cluster": cluster, "recommended_action": "Call_Today",
        "language": "de", "has_web_behaviour": True,
        "reasons": [{"feature": "visits", "contribution": 0.4, "text": "Kam wieder"}],
    }  # fmt: skip
    return {**row, **other}


def lead(lead_id: str, created_at: datetime, event_id: str = "", **other: Any) -> dict[str, Any]:
    return {
        "event_id": event_id or f"e-{lead_id}", "lead_id": lead_id, "recorded_at": created_at, "created_at": created_at,
        "web_consent": True, "language": "de", "region": "CH-ZH", **other,
    }  # fmt: skip


def picked(lead_id: str, seller: str, at: datetime, sequence: int = 1, kind: str = "picked") -> dict[str, Any]:
    return {
        "event_id": f"{lead_id}-{sequence}", "lead_id": lead_id, "day": at.date(), "sequence": sequence, "kind": kind,
        "seller": seller, "occurred_at": at, "recorded_at": at, "expires_at": at + 48 * HOUR,
    }  # fmt: skip


def becomes_hot(warehouse: DuckDBWarehouse, lead_id: str, at: datetime = NOW, **of_lead: Any) -> None:
    """A lead of last month that was WARM an hour ago and is HOT at the moment."""
    warehouse.append("leads", [lead(lead_id, at - timedelta(days=30), **of_lead)])
    warehouse.append("scores", [score(lead_id, at - HOUR), score(lead_id, at, "HOT", 88)])
