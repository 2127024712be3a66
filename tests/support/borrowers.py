"""Borrowers whose fate follows a formula: chance by channel, e-mail clicks and instalment, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from leadwerk.warehouse.duckdb import DuckDBWarehouse

START = datetime(2026, 1, 1, 8, tzinfo=UTC)
DAYS = 150
NOW = START + timedelta(days=DAYS + 25)
DAY = timedelta(days=1)

Rows = list[dict[str, Any]]


def borrowers(count: int = 900, seed: int = 3) -> dict[str, Rows]:
    """Rows of leads, touchpoints and outcomes. A click helps much, a referral more; Ticino converts badly."""
    random = np.random.default_rng(seed)
    leads, touches, outcomes = [], [], []
    for k in range(count):
        created = START + timedelta(days=k / count * DAYS)
        ratio = float(random.uniform(0.15, 0.5))
        channel = str(random.choice(["form", "form", "form", "referral"]))
        region = str(random.choice(["CH-ZH", "CH-ZH", "CH-BE", "CH-GE"]))
        clicked = random.random() < 0.4
        log_odds = -1.6 + 2.2 * clicked + 1.2 * (channel == "referral") - 2.5 * (ratio > 0.3333)
        log_odds -= 2.5 * (region == "CH-GE")
        paid = random.random() < 1 / (1 + np.exp(-log_odds))
        leads.append(_lead(k, created, channel=channel, region=region, instalment=8_000 * ratio))
        if clicked:
            touches.append(_touch(k, created - 2 * DAY))
        closed = created + timedelta(days=float(random.uniform(4, 24)))
        outcomes += [_change(k, created, "Neu", "open"), _change(k, closed, *_end(paid=paid))]
    return {"leads": leads, "touchpoints": touches, "outcomes": outcomes}


def filled(home: Path, count: int = 900) -> DuckDBWarehouse:
    """A warehouse under `home` that holds them, all known at once."""
    warehouse = DuckDBWarehouse(home)
    with warehouse.unit_of_work():
        for name, rows in borrowers(count).items():
            warehouse.append(name, [row for row in rows if row.get("occurred_at", START) <= NOW])
    return warehouse


def _end(*, paid: bool) -> tuple[str, str]:
    return ("Ausbezahlt", "paid_out") if paid else ("Verloren", "lost")


def _lead(k: int, created: datetime, **changes: Any) -> dict[str, Any]:
    base = {"income": 96_000.0, "language": "de", "country": "CH", "web_consent": False, "attributes": []}
    times = {"recorded_at": created, "created_at": created}
    return {"event_id": f"L{k}", "lead_id": f"L{k}", **times, **base, **changes}


def _touch(k: int, at: datetime) -> dict[str, Any]:
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"T{k}", "lead_id": f"L{k}", **times, "kind": "email_click"}


def _change(k: int, at: datetime, status: str, outcome: str) -> dict[str, Any]:
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"O{k}-{outcome}", "lead_id": f"L{k}", **times, "status": status, "outcome": outcome}
