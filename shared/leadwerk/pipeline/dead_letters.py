"""Dead letters by reason: why the CRM refused scores for good, what cures each reason, and sending them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from leadwerk.crm import outbox
from leadwerk.crm.delivery_attempts import RefusedAttempt
from leadwerk.errors import InputError
from leadwerk.pipeline.audit.trail import Act, record_act
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

CURED_ELSEWHERE = frozenset({"deleted", "merged", "unknown_lead"})
"""Codes of ours, whose letters nobody has to send again: the lead is gone, or ingestion makes its score due."""


class DeadLetterRow(Struct, frozen=True, kw_only=True):
    """A row of deliveries/dead_letters."""

    crm_code: str
    crm_field: str | None
    leads: int
    error: str | None


@dataclass(frozen=True)
class DeadLetters:
    """Leads whose score was refused by `code`, in `field` where the CRM named one, with one error as an example."""

    code: str
    field: str | None
    leads: int
    example: str
    remedy: str

    @property
    def name(self) -> str:
        """Code and field in one text."""
        return _name(self.code, self.field)

    @property
    def may_be_sent(self) -> bool:
        """Whether sending them again can help."""
        return self.code not in CURED_ELSEWHERE


def read_dead_letters(warehouse: Warehouse, policy: Policy, now: datetime) -> list[DeadLetters]:
    """All dead letters as of `now`, the most frequent reason first."""
    parameters = {"first_day": outbox.first_day(policy, now), "as_of": now}
    rows = warehouse.rows(statement("deliveries/dead_letters", DeadLetterRow), parameters)
    return [
        DeadLetters(
            code=row.crm_code,
            field=row.crm_field,
            leads=row.leads,
            example=row.error or "",
            remedy=_remedy(row.crm_code),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class SendAgain:
    """A person's order to send the dead letters of one code and field again."""

    code: str
    field: str | None
    by: str
    reason: str


def send_again(warehouse: Warehouse, policy: Policy, order: SendAgain, now: datetime) -> int:
    """Let the next delivery try these dead letters once more; how many they are. The audit trail records who and why.

    Raises:
        InputError: no lead has such a letter (any more).
    """
    parameters = {
        "first_day": outbox.first_day(policy, now),
        "as_of": now,
        "crm_code": order.code,
        "crm_field": order.field or "",
    }
    with warehouse.unit_of_work():
        letters = warehouse.rows(statement("deliveries/dead_letters_of_reason", RefusedAttempt), parameters)
        if not letters:
            raise InputError(Message("refusal.letters.none"), field="letter", value=order.code[:60])
        due = [letter.due(now, "sent_again", "an operator lets it be sent again") for letter in letters]
        warehouse.append("deliveries", due)
        act = Act(
            actor=order.by,
            action="send_again",
            object=_name(order.code, order.field),
            reason=order.reason,
            before=f"dead_letter: {len(due)}",
            after=f"retry: {len(due)}",
        )
        record_act(warehouse, act, now)
    return len(due)


def _name(code: str, field: str | None) -> str:
    return f"{code} {field or ''}".strip()


def _remedy(code: str) -> Message:
    return Message(f"letters.remedy.{code}") if code in CURED_ELSEWHERE else Message("letters.remedy.other", code=code)
