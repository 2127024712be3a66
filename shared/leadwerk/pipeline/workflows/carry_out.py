"""Carrying out: sends what is due, one action at a time, and records each attempt before the next.

A crash between sending and recording repeats at most that one action, under the same key: tasks, tags and events take
effect once; a chat may show a message twice. An action without an answer is retried until the row expires, so a
receiver that is down for a day loses nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from leadwerk.crm.channels import ChannelMessage, Event, MessageChannel
from leadwerk.crm.delivery_attempts import LONGEST_ERROR, backoff
from leadwerk.crm.port import CRM, Enrolment, Task
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable, LeadwerkError
from leadwerk.pipeline.workflows.outgoing_texts import EVENT_TYPES, OpenAction, event_data, lines, task_title, title
from leadwerk.policy.model import Policy
from leadwerk.policy.people import Person, by_name
from leadwerk.policy.workflows import Channel
from leadwerk.texts.message import Message
from leadwerk.warehouse.records import WorkflowActionRow

CARRY_OUT_SECONDS = 60.0
FAILURES_IN_A_ROW = 3  # of one receiver; then it is down, and the rest waits without being tried
IN_THE_CRM = ("task", "tag", "automation")


@dataclass(frozen=True)
class Receivers:
    """What carries out actions: channels by name, and the CRM; for texts people.yaml and the lead's page."""

    channel: Callable[[str], MessageChannel]
    crm: Callable[[], CRM]
    people: Sequence[Person] = ()
    lead_url: str = ""


@dataclass(frozen=True)
class StepResult:
    """How an attempt ended."""

    state: str
    status: int | None = None
    error: str | None = None
    external_id: str | None = None
    retry_after: float | None = None


@dataclass
class CarryOut:
    """A run; `stopped`: why nothing more is sent, by receiver."""

    policy: Policy
    receivers: Receivers
    now: datetime
    until: float
    stopped: dict[str, str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def attempt(self, action: OpenAction) -> WorkflowActionRow | None:
        """Carry out one action; None where its receiver is stopped, or the time is up."""
        receiver = receiver_of(action)
        if receiver in self.stopped or time.monotonic() > self.until:
            return None
        try:
            result = send(self.policy, self.receivers, action, self.now)
        except ConfigurationError as error:
            # Not an attempt: nothing left this machine, and once it is set up nothing is lost.
            self.stopped[receiver] = str(error)
            return None
        if result.state == "retry":
            self._count(receiver, result)
        else:
            self.failures[receiver] = 0
        return step(action, result, self.now)

    def _count(self, receiver: str, result: StepResult) -> None:
        self.failures[receiver] += 1
        if self.failures[receiver] >= FAILURES_IN_A_ROW or result.status in (401, 403, 429):
            self.stopped[receiver] = result.error or ""


def receiver_of(action: OpenAction) -> str:
    """Name of the receiver that carries it out: the channel, or the CRM."""
    return "CRM" if action.action in IN_THE_CRM else action.target or ""


def send(policy: Policy, receivers: Receivers, action: OpenAction, now: datetime) -> StepResult:
    """Carry out an action once, and return how it ended.

    Raises:
        ConfigurationError: the receiver is not set up.
    """
    try:
        return _sent(policy, receivers, action, now)
    except CRMUnavailable as error:
        return StepResult("retry", error.status, str(error)[:LONGEST_ERROR], retry_after=error.retry_after)
    except CRMRejected as error:
        # Credentials and addresses are mended without the action being at fault; 404 and 410 are an unsubscription.
        state = "retry" if error.locked_out and error.status in (401, 403) else "dead_letter"
        return StepResult(state, error.status, str(error)[:LONGEST_ERROR])
    except ConfigurationError:
        raise
    except LeadwerkError as error:
        return StepResult("dead_letter", None, str(error)[:LONGEST_ERROR])


def step(action: OpenAction, result: StepResult, now: datetime) -> WorkflowActionRow:
    """The attempt as a row: the next step of its action."""
    number = action.attempt + 1
    draw = int(action.action_id[:8], 16) / 0xFFFFFFFF
    again = now + backoff(number, result.retry_after, draw) if result.state == "retry" else None
    last_step = WorkflowActionRow(**{name: getattr(action, name) for name in WorkflowActionRow.__struct_fields__})
    return replace(
        last_step,
        attempt=number,
        stepped_at=now,
        state=result.state,
        next_attempt_at=again,
        http_status=result.status,
        error=result.error,
        external_id=result.external_id,
    )


def _sent(policy: Policy, receivers: Receivers, action: OpenAction, now: datetime) -> StepResult:
    owner = by_name(tuple(receivers.people), action.owner) if action.owner else None
    language = (owner.language if owner else None) or policy.languages[0]
    match action.action:
        case "message":
            channel = policy_channel(policy, action)
            spoken = language if channel.kind == "email" else channel.language or policy.languages[0]
            content = ChannelMessage(
                action.action_id,
                title(policy, action, spoken),
                lines(policy, action, spoken, receivers.lead_url),
                owner.email if owner and channel.kind == "email" else None,
            )
            return StepResult("sent", receivers.channel(channel.name).send(content, now))
        case "event":
            event = Event(action.action_id, EVENT_TYPES[action.change], action.changed_at, event_data(action))
            return StepResult("sent", receivers.channel(policy_channel(policy, action).name).send(event, now))
        case "task":
            task = Task(
                action.action_id,
                action.lead_id,
                task_title(policy, action, language),
                action.due_at or now,
                owner.crm_user if owner else None,
            )
            return StepResult("sent", external_id=receivers.crm().create_task(task))
        case "tag" | "automation":
            receivers.crm().enrol(Enrolment(action.lead_id, action.target or "", action.action))
            return StepResult("sent")


def policy_channel(policy: Policy, action: OpenAction) -> Channel:
    """The channel as the policy in force has it.

    Raises:
        CRMRejected: the policy no longer has it.
    """
    channels: Mapping[str, Channel] = {channel.name: channel for channel in policy.workflows.channels}
    if action.target is None or action.target not in channels:
        raise CRMRejected(Message("refusal.workflow.channel", channel=action.target))
    return channels[action.target]
