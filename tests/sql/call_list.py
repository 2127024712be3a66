"""The statement of the call list, and parameters that ask for all of it."""

from __future__ import annotations

from typing import Any

from leadwerk.pipeline.desk.picks import first_day
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import statement
from support.selling import DAY, NOW

TIERS = ("Enterprise", "SMB")
NOTHING = dict.fromkeys(
    ("cluster", "grade", "matrix_cell", "tier", "region", "language", "held", "seller", "account_id", "progress")
)
NO_CURSOR = dict.fromkeys(("after_first", "after_second", "after_third", "after_lead"))
TIMES = {"as_of": NOW, "now": NOW, "created_since": NOW - 120 * DAY, "scored_since": (NOW - 120 * DAY).date()}
LIST: dict[str, Any] = {
    **NOTHING, **NO_CURSOR, **TIMES, "first_day": first_day(NOW), "sort": "score", "most": 5,
    "tier_0": TIERS[0], "tier_1": TIERS[1],
    "hot_score": 70.0, "warm_score": 50.0, "hot_points": 12.34, "warm_points": 0.0,
    "contact_statuses": ["contacted"], "contact_touchpoints": ["call_answered"], "progress_statuses": ["applied"],
    "served_languages": [], "served_regions": [],
}  # fmt: skip


def call_list(tiers: int = 2) -> Statement:
    return statement("scores/call_list", tier=range(tiers))
