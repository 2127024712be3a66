"""Times made up for a file that has none: its rows in order, evenly spaced, all in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FIRST_MADE_UP_TIME = datetime(2000, 1, 1, 12, tzinfo=UTC)
LONGEST_MADE_UP_SPAN = timedelta(days=25 * 365)
IMPORTED = "import_"
"""How the names of policies begin that an import writes."""
# Rows without a known outcome may stand before the first that teaches anything.
_FIRST_ROWS = timedelta(days=366)
_STEPS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1))


def step_for(rows: int) -> timedelta:
    """The time between two rows of a file without times: whole days where they fit, so that hours say nothing.

    >>> step_for(7_000), step_for(100_000)
    (datetime.timedelta(days=1), datetime.timedelta(seconds=3600))
    """
    return next((step for step in _STEPS if step * rows <= LONGEST_MADE_UP_SPAN), _STEPS[-1])


def is_order(policy_name: str, first_as_of: str) -> bool:
    """Whether what a model learned from has no times but a file's order, by its policy and its first moment (RFC 3339).

    >>> is_order("import_leads", "2000-01-01T12:00:00+00:00"), is_order("mortgage", "2000-01-01T12:00:00+00:00")
    (True, False)
    >>> is_order("import_leads", "2024-03-01T09:00:00+00:00")
    False
    """
    since = datetime.fromisoformat(first_as_of).astimezone(UTC) - FIRST_MADE_UP_TIME
    return policy_name.startswith(IMPORTED) and timedelta() <= since < _FIRST_ROWS
