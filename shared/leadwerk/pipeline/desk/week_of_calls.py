"""A seller's week: calls made since Monday, and how many the seller's hours allow."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.policy.folding import is_same_name
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

MINUTES_AN_HOUR = 60


class WeekOfCalls(Struct, frozen=True):
    """Leads called `done` since Monday, of as many as the `hours` of a week allow."""

    done: int
    allowed: int
    hours: float


class CallCount(Struct, frozen=True):
    """A row of verdicts/calls_of_seller."""

    calls: int


def week_of_calls(warehouse: Warehouse, policy: Policy, seller: str, now: datetime) -> WeekOfCalls | None:
    """The week of `now` (aware) in the policy's time zone; None for who has no hours in the policy."""
    capacity = policy.capacity
    hours = next((entry.hours_per_week for entry in capacity.sellers if is_same_name(entry.name, seller)), 0.0)
    if hours <= 0:
        return None
    monday = start_of_week(policy, now)
    parameters = {"seller": seller, "first_day": monday.astimezone(UTC).date(), "since": monday, "as_of": now}
    [count] = warehouse.rows(statement("verdicts/calls_of_seller", CallCount), parameters)
    return WeekOfCalls(count.calls, int(hours * MINUTES_AN_HOUR // capacity.minutes_per_lead), hours)


def start_of_week(policy: Policy, now: datetime) -> datetime:
    """Monday 00:00 of the week of `now`, in the policy's time zone."""
    local = now.astimezone(ZoneInfo(policy.time_zone))
    monday = local.date() - timedelta(days=local.weekday())
    return datetime.combine(monday, time(), local.tzinfo)
