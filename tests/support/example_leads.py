"""A small warehouse with every kind of lead that scoring meets.

Leads: 1 with behaviour and consent (visitor V1), 2 without consent (visitor V2), 3 without any visitor, 9 lost.
Visitors: V4 is no lead; V5 is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leadwerk.policy.model import Policy
from leadwerk.registry import Champion, ModelFiles, Registry, open_registry
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_models as models
from support.homes import home_warehouse

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
CREATED = NOW - timedelta(days=2)


def warehouse(home: Path) -> DuckDBWarehouse:
    """The warehouse under `home`, filled."""
    filled = home_warehouse(home)
    with filled.unit_of_work():
        filled.append(
            "leads", [lead("1"), lead("2", web_consent=False, language="fr"), lead("3", income=None), lead("9")]
        )
        filled.append("identities", [link("V1", "1"), link("V2", "2")])
        filled.append("activity_daily", [day for visitor in ("V1", "V2", "V4") for day in days(visitor)])
        filled.append("outcomes", [lost("9")])
        filled.append("touchpoints", [touch("1", "call_answered"), touch("3", "email_click")])
    return filled


def lead(lead_id: str, **changes: Any) -> dict[str, Any]:
    fields = {
        "event_id": f"crm:{lead_id}",
        "lead_id": lead_id,
        "recorded_at": CREATED,
        "created_at": CREATED,
        "web_consent": True,
        "language": "de",
        "country": "CH",
        "region": "CH-ZH",
        "postcode": "8001",
        "email_domain_kind": "freemail",
        "person_key": None,
        "channel": "form",
        "loan_amount": 600_000.0,
        "property_value": 900_000.0,
        "income": 150_000.0,
        "instalment": 1_500.0,
        "job_title": None,
        "industry": None,
        "employees": None,
        "revenue": None,
        "attributes": [],
    }
    return fields | changes


def link(visitor: str, lead_id: str) -> dict[str, Any]:
    return {"visitor_id": visitor, "lead_id": lead_id, "linked_at": CREATED, "source": "form"}


def lost(lead_id: str) -> dict[str, Any]:
    at = NOW - timedelta(days=1)
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"o{lead_id}", "lead_id": lead_id, **times, "status": "Verloren", "outcome": "lost"}


def touch(lead_id: str, kind: str) -> dict[str, Any]:
    at = NOW - timedelta(days=1)
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"t{lead_id}", "lead_id": lead_id, **times, "kind": kind}


def days(visitor: str) -> Iterator[dict[str, Any]]:
    """Three days of visits to simulator and rates page, the last one yesterday."""
    for ago in (1, 3, 20):
        at = NOW - timedelta(days=ago)
        simulated = {"name": "mortgage_simulator", "events": 2, "seconds": 90.0, "last_at": at}
        rates = {"name": "rates_page", "events": ago, "seconds": 30.0 * ago, "last_at": at}
        amounts = {"loan_amount": 500_000.0, "property_value": 800_000.0, "income": None, "instalment": None}
        yield {
            "day": at.date(),
            "visitor_id": visitor,
            "first_at": at - timedelta(minutes=10),
            "last_at": at,
            "events": 20,
            "sessions": 2,
            "page_views": 9,
            "seconds": 400.0,
            "scroll_percent": 90,
            "source": "google",
            "medium": "organic",
            "device_category": "mobile",
            "language": "it",
            "first_hour": at.hour,
            "weekday": at.isoweekday(),
            "signals": [simulated, rates],
            "calculator": {"uses": 1, "loan_amount_sum": 500_000.0, **amounts},
        }


def champion(
    home: Path, policy: Policy, *, seed: int = 3, model_files: ModelFiles | None = None
) -> tuple[Registry, Champion]:
    """A registry under `home` with a champion: a small model, or what was `made`."""
    registry = open_registry(str(home / "models"))
    model_files = model_files or models.files(policy, seed=seed)
    version = registry.save(model_files.files, model_files.manifest)
    return registry, registry.promote(version, expected=registry.champion(), at=NOW, reason="test")
