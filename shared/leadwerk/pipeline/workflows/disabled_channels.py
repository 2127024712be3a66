"""Channels that are disabled: they failed for days without one success, or answered that they are gone for good.

Nothing is sent to a disabled channel until somebody replays it, and nothing is lost: its actions wait. That it
is disabled follows from the recorded attempts, so it holds over every run, and the first success ends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.crm import outbox
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

DISABLED_AFTER = timedelta(days=5)
"""Longer than Standard Webhooks' schedule of attempts (three days): who is down over a long weekend comes back."""


class FailingChannel(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/failing_channels."""

    channel: str
    failing_since: datetime
    last_failure_at: datetime
    is_gone: bool

    @property
    def is_disabled(self) -> bool:
        """Whether nothing is sent to it any more."""
        return self.is_gone or self.last_failure_at - self.failing_since >= DISABLED_AFTER

    def reason(self) -> str:
        """Why it is disabled, with what to do."""
        why = "answered 410: it is gone for good" if self.is_gone else "took nothing"
        return (
            f"The channel {self.channel} is disabled: it {why}, since {self.failing_since:%Y-%m-%d}. "
            f"Correct its address, then `leadwerk workflow replay --channel {self.channel}`."
        )


def disabled_channels(warehouse: Warehouse, policy: Policy, now: datetime) -> dict[str, str]:
    """Why each disabled channel is, by its name, as of `now`."""
    parameters = {"first_day": outbox.first_day(policy, now), "as_of": now}
    rows = warehouse.rows(statement("workflow_actions/failing_channels", FailingChannel), parameters)
    return {row.channel: row.reason() for row in rows if row.is_disabled}
