"""A market of which one part behaves oppositely: docs/score.md, Segments, tells what retraining makes of it.

In German-speaking Switzerland people who borrow little against their property and earn well convert. In the
French-speaking part a partner has served those already: who is left converts the sooner, the more they have to borrow.
People who ask at the weekend convert for the same reasons as everybody else.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from leadwerk.policy.load import parse, shipped_text
from leadwerk.policy.model import Policy
from leadwerk.warehouse.duckdb import DuckDBWarehouse

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 180
NOW = START + timedelta(days=240)
LEADS = 2_400

GERMAN, FRENCH = ("CH-ZH", "CH-BE", "CH-LU", "CH-SG", "CH-AG", "CH-TG"), ("CH-GE", "CH-VD", "CH-NE")
DOCS = (Path(__file__).parents[2] / "docs" / "score.md").read_text("utf-8")
(SEGMENTS,) = re.findall(r"```yaml\n(segments:\n.*?)```", DOCS, re.DOTALL)

Rows = list[dict[str, Any]]


def policy_text(segments: str = SEGMENTS) -> str:
    """The mortgage policy with two landmarks a lead and these segments, as YAML."""
    text = shipped_text("mortgage")
    for wrong, right in (
        ("segments: []\n", segments),
        ("landmark_days: [0, 1, 3, 7, 14, 30]", "landmark_days: [0, 3]"),
    ):
        assert text.count(wrong) == 1
        text = text.replace(wrong, right)
    return text


def policy(segments: str = SEGMENTS) -> Policy:
    """What `policy_text` says."""
    return parse(policy_text(segments))


def filled(home: Path) -> DuckDBWarehouse:
    """A warehouse under `home` with half a year of leads, all of them closed."""
    warehouse = DuckDBWarehouse(home)
    leads, outcomes = market()
    with warehouse.unit_of_work():
        warehouse.append("leads", leads)
        warehouse.append("outcomes", outcomes)
    return warehouse


def market(seed: int = 1) -> tuple[Rows, Rows]:
    """Rows of leads and outcomes; half of the leads are closed after 5 days, half after 20."""
    random = np.random.default_rng(seed)
    leads, outcomes = [], []
    for k in range(LEADS):
        created = START + timedelta(days=k / LEADS * DAYS)
        ltv, income = float(random.uniform(0.3, 1.0)), float(random.uniform(80_000, 200_000))
        region = str(random.choice(FRENCH if random.random() < 0.2 else GERMAN))
        better = 6 * (0.65 - ltv) + (income - 140_000) / 40_000
        way = -1 if region in FRENCH else 1
        won = random.random() < 1 / (1 + np.exp(1.5 - way * better))
        closed = created + timedelta(days=int(random.choice([5, 20])))
        leads.append(lead(f"L{k}", created, ltv, income, region))
        outcomes += [change(f"L{k}", at, outcome) for at, outcome in ((created, "open"), (closed, _end(won)))]
    return leads, outcomes


def lead(lead_id: str, created: datetime, ltv: float, income: float | None, region: str | None) -> dict[str, Any]:
    base = {"web_consent": False, "country": "CH", "attributes": []}
    return {
        "event_id": f"{lead_id}-created",
        "lead_id": lead_id,
        "recorded_at": created,
        "created_at": created,
        "loan_amount": 900_000.0 * ltv,
        "property_value": 900_000.0,
        "income": income,
        "region": region,
        **base,
    }


def change(lead_id: str, at: datetime, outcome: str) -> dict[str, Any]:
    base = {"status": outcome, "outcome": outcome, "day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"{lead_id}-{outcome}", "lead_id": lead_id, **base}


def _end(won: bool) -> str:
    return "paid_out" if won else "lost"
