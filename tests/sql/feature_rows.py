"""Rows of lead L1 and visitor v1, as features, occurrences and labels read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sql.hostile import Row
from sql.lead_rows import AS_OF, DAY, local_day

CREATED = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # Sunday 00:30 in Zürich


def form(**fields: Any) -> Row:
    """The first version of L1, with consent."""
    return {
        "event_id": "e1", "lead_id": "L1", "recorded_at": CREATED, "created_at": CREATED, "web_consent": True,
        "attributes": [],
    } | fields  # fmt: skip


def link(**fields: Any) -> Row:
    """L1 is v1, known since its form."""
    return {"visitor_id": "v1", "lead_id": "L1", "linked_at": CREATED, "source": "form"} | fields


def day(age: int, **fields: Any) -> Row:
    """A day of v1, so many days before AS_OF's."""
    at = AS_OF - age * DAY
    return {
        "day": local_day(at), "visitor_id": "v1", "first_at": at, "last_at": at, "events": 1, "sessions": 1,
        "page_views": 2, "seconds": 10.0, "first_hour": 1, "weekday": 1, "signals": [],
    } | fields  # fmt: skip


def event(at: datetime, **fields: Any) -> Row:
    """A page view of v1."""
    return {
        "day": local_day(at), "visitor_id": "v1", "occurred_at": at, "event_name": "page_view", "event_rank": 1,
        "session_start": True, "signal_count": 0, "seconds": 5.0,
    } | fields  # fmt: skip


def future_of(tables: dict[str, list[Row]], as_of: datetime) -> dict[str, list[Row]]:
    """Those rows that were not known, or had not happened, at `as_of`."""
    from_the_newest = sorted(tables["leads"], key=lambda row: (row["recorded_at"], row["event_id"]), reverse=True)
    first = {row["lead_id"]: row for row in from_the_newest}
    forms = [row for row in first.values() if row["created_at"] <= as_of]  # the form itself counts from creation on
    return {
        "leads": [row for row in tables["leads"] if row["recorded_at"] > as_of and row not in forms],
        "identities": [row for row in tables["identities"] if row["linked_at"] > as_of],
        "touchpoints": [row for row in tables["touchpoints"] if max(row["occurred_at"], row["recorded_at"]) > as_of],
        "activity_daily": [row for row in tables["activity_daily"] if row["day"] >= local_day(as_of)],
        "activity_events": [row for row in tables["activity_events"] if row["occurred_at"] >= as_of],
    }
