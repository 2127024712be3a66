"""A market of which one part behaves oppositely: docs/score.md, Segments, tells what retraining makes of it.

In German-speaking Switzerland who borrows little against his property and earns well converts. In the French-speaking
part a partner has served those already, and who is left converts the sooner, the more he has to borrow. Whoever asks in
the evening converts for the same reasons as everybody else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from leadwerk import policy as policies
from leadwerk.policy.load import version
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Test
from leadwerk.policy.segments import Segment
from leadwerk.warehouse.duckdb import DuckDBWarehouse

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 180
NOW = START + timedelta(days=240)
LEADS = 2_400

GERMAN, FRENCH = ("CH-ZH", "CH-BE", "CH-LU", "CH-SG", "CH-AG", "CH-TG"), ("CH-GE", "CH-VD", "CH-NE")
SEGMENTS = (
    Segment(name="evening", when={"created_hour": Test(at_least=18)}, labels={"de": "Abends"}),
    Segment(name="romandie", when={"region": Test(any_of=FRENCH)}, labels={"de": "Romandie"}),
    Segment(name="large", when={"loan_amount": Test(at_least=2_000_000)}, labels={"de": "Grosse"}),
)

Rows = list[dict[str, Any]]


def policy(segments: tuple[Segment, ...] = SEGMENTS) -> Policy:
    """The mortgage policy with two landmarks a lead and these segments."""
    changed = msgspec.structs.replace(policies.load("mortgage"), landmark_days=(0, 3), segments=segments)
    return msgspec.structs.replace(changed, version=version(changed))


def filled(home: Path, *, opposite: bool = True, seed: int = 1, first: int = 0) -> DuckDBWarehouse:
    """A warehouse under `home` with a year's first half of leads; all alike unless `opposite`."""
    warehouse = DuckDBWarehouse(home)
    leads, outcomes = market(opposite=opposite, seed=seed, first=first)
    with warehouse.unit_of_work():
        warehouse.append("leads", leads)
        warehouse.append("outcomes", outcomes)
    return warehouse


def market(*, opposite: bool = True, seed: int = 1, first: int = 0, count: int = LEADS) -> tuple[Rows, Rows]:
    """Rows of leads and outcomes; half of the leads are closed after 5 days, half after 20."""
    random = np.random.default_rng(seed)
    leads, outcomes = [], []
    for k in range(first, first + count):
        created = START + timedelta(days=(k - first) / count * DAYS)
        ltv, income = float(random.uniform(0.3, 1.0)), float(random.uniform(80_000, 200_000))
        region = str(random.choice(FRENCH if random.random() < 0.2 else GERMAN))
        better = 6 * (0.65 - ltv) + (income - 140_000) / 40_000
        way = -1 if opposite and region in FRENCH else 1
        won = random.random() < 1 / (1 + np.exp(1.5 - way * better))
        closed = created + timedelta(days=int(random.choice([5, 20])))
        leads.append(lead(f"L{k}", created, ltv, income, region))
        outcomes += [change(f"L{k}", at, outcome) for at, outcome in ((created, "open"), (closed, _end(won)))]
    return leads, outcomes


def lead(lead_id: str, created: datetime, ltv: float, income: float | None, region: str | None) -> dict[str, Any]:
    known = {"web_consent": False, "country": "CH", "attributes": []}
    return {
        "event_id": f"{lead_id}-created",
        "lead_id": lead_id,
        "recorded_at": created,
        "created_at": created,
        "loan_amount": 900_000.0 * ltv,
        "property_value": 900_000.0,
        "income": income,
        "region": region,
        **known,
    }


def change(lead_id: str, at: datetime, outcome: str) -> dict[str, Any]:
    known = {"status": outcome, "outcome": outcome, "day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"{lead_id}-{outcome}", "lead_id": lead_id, **known}


def _end(won: bool) -> str:
    return "paid_out" if won else "lost"
