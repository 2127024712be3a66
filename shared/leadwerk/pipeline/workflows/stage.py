"""The stage: reads what changed since the last run, stores the actions that follow, and carries out what is due.

Actions are stored before anything is sent, under ids made of the change. So a run that is killed anywhere, or two runs
at once, decide each action only once.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from leadwerk.crm import outbox
from leadwerk.pipeline.workflows.carry_out import CARRY_OUT_SECONDS, CarryOut, Receivers
from leadwerk.pipeline.workflows.decided_actions import decided
from leadwerk.pipeline.workflows.disabled_channels import disabled_channels
from leadwerk.pipeline.workflows.lead_changes import read_observations
from leadwerk.pipeline.workflows.outgoing_texts import OpenAction
from leadwerk.pipeline.workflows.owners import read_crm_owners, read_loads
from leadwerk.policy.model import Policy
from leadwerk.policy.people import Person
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import CursorRow
from leadwerk.warehouse.statement import statement

SOURCE = "workflows"
OVERLAP = timedelta(hours=1)
"""A score is dated when its run began and stored when it is done, so it may surface after later ones were read."""

CURSOR_STEP = timedelta(minutes=30)  # the cursor moves no more often where nothing was decided
LONGEST_GAP = timedelta(days=3)
"""Changes of a longer standstill start nothing: last month's HOT leads should not start messages."""

MOST_READ = 1000  # actions that a run takes


class WorkflowCursor(Struct, frozen=True):
    """The cursor: changes are read up to `until`; `begun_at`: when each workflow came into force."""

    until: datetime
    begun_at: Mapping[str, datetime]


class StoredCursor(Struct, frozen=True):
    """A row of cursors/latest."""

    cursor: str
    moved_at: datetime


logger = logging.getLogger("leadwerk")


@dataclass(frozen=True)
class WorkflowReport:
    """Actions newly decided, and the results of those that were due; `pending` wait. `stopped`: reason by receiver."""

    decided: int
    sent: int
    retry: int
    dead_letter: int
    pending: int
    oldest_hours: float
    stopped: dict[str, str]


def run(warehouse: Warehouse, policy: Policy, receivers: Receivers, *, now: datetime) -> WorkflowReport:
    """Decide what follows from the changes since the last run, and carry out what is due at `now`.

    A workflow starts from changes after its first run only.
    """
    with warehouse.kept_open():
        new = _decide(warehouse, policy, tuple(receivers.people), now)
        actions = _open(warehouse, policy, now)
        disabled = disabled_channels(warehouse, policy, now) if actions else {}
        for reason in disabled.values():
            logger.error(reason, extra={"fields": {"event": "channel_disabled", "stage": "workflows"}})
        return replace(_carry_out(warehouse, policy, receivers, now, actions, disabled), decided=new)


def replay(
    warehouse: Warehouse, policy: Policy, receivers: Receivers, *, now: datetime, target: str = ""
) -> WorkflowReport:
    """Carry out again what receivers refused, of one channel or of all; a disabled channel is tried as well."""
    rows = _open(warehouse, policy, now, dead_letters=True, target=target)
    return _carry_out(warehouse, policy, receivers, now, rows, {})


def _decide(warehouse: Warehouse, policy: Policy, people: Sequence[Person], now: datetime) -> int:
    """Store the actions that follow from what changed; return how many are new."""
    stored = warehouse.rows(statement("cursors/latest", StoredCursor), {"source": SOURCE})
    before = msgspec.json.decode(stored[0].cursor, type=WorkflowCursor) if stored else WorkflowCursor(now, {})
    names = [rule.name for rule in policy.workflows.rules]
    # A policy that never had a workflow costs one small read a run.
    if not names and not before.begun_at:
        return 0
    # A workflow that was removed loses its start: added again, it begins anew and does not answer for the time between.
    begun_at = {name: before.begun_at.get(name, now) for name in names}
    since = max(before.until - OVERLAP, now - LONGEST_GAP)
    new = 0
    if any(name in before.begun_at for name in names):
        observations = read_observations(warehouse, since, now)
        crm_owners = read_crm_owners(warehouse, people, [item.lead_id for item in observations], now)
        loads = read_loads(warehouse, now) if observations else Counter()
        rows = decided(policy, observations, begun_at, loads, now, crm_owners)
        new = warehouse.append("workflow_actions", rows) if rows else 0
    if new or begun_at != before.begun_at or now - before.until >= CURSOR_STEP:
        # The latest cursor counts by its time: a clock that went back must not hide the new one behind the old.
        moved_at = max(now, stored[0].moved_at + timedelta(microseconds=1)) if stored else now
        cursor = msgspec.json.encode(WorkflowCursor(now, begun_at)).decode()
        warehouse.append("cursors", [CursorRow(source=SOURCE, cursor=cursor, moved_at=moved_at)])
    return new


def _open(
    warehouse: Warehouse, policy: Policy, now: datetime, *, dead_letters: bool = False, target: str = ""
) -> list[OpenAction]:
    parameters = {
        "first_day": outbox.first_day(policy, now),
        "as_of": now,
        "dead_letters": dead_letters,
        "target": target,
        "most": MOST_READ,
    }
    return warehouse.rows(statement("workflow_actions/outbox", OpenAction), parameters)


def _carry_out(
    warehouse: Warehouse,
    policy: Policy,
    receivers: Receivers,
    now: datetime,
    actions: list[OpenAction],
    disabled: Mapping[str, str],
) -> WorkflowReport:
    # Wall time and not `now`: in a simulation `now` stands still while calls take time.
    work = CarryOut(policy, receivers, now, until=time.monotonic() + CARRY_OUT_SECONDS, stopped={**disabled})
    states: Counter[str] = Counter()
    waiting: list[datetime] = []
    for action in actions:
        step = None
        if action.next_attempt_at is None or action.next_attempt_at <= now:
            step = work.attempt(action)
        if step is not None:
            warehouse.append("workflow_actions", [step])
            states[step.state] += 1
        if step is None or step.state == "retry":
            waiting.append(action.changed_at)
    oldest = min(waiting, default=now)
    return WorkflowReport(
        decided=0,
        sent=states["sent"],
        retry=states["retry"],
        dead_letter=states["dead_letter"],
        pending=len(waiting),
        oldest_hours=round((now - oldest) / timedelta(hours=1), 2),
        stopped=work.stopped,
    )
