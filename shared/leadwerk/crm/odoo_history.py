"""Stages that leads of Odoo have passed, from the tracked changes of their stage and of whether they are active.

A lost lead keeps its stage and is archived; restored, it is active again. Only keys of the group
Administration / Settings may read tracked changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from leadwerk.crm.case_page import StageKind
from leadwerk.crm.keyset import naive_utc
from leadwerk.crm.odoo_rpc import LEADS, Domain, Named, Numbered, OdooRPC
from leadwerk.crm.optional_reads import STAGES, OptionalObject
from leadwerk.crm.stage_steps import DealStep

HISTORY = OptionalObject("tracked changes", STAGES, "an API key of a user of the group Administration / Settings")
TRACKING = "mail.tracking.value"
LEADS_AT_ONCE = 100
LOST: StageKind = "lost"


class _Change(Numbered, frozen=True):
    """A tracked change. A stage has a name (char) and a number (integer), whether a lead is active only the latter."""

    create_date: str
    mail_message_id: Named = None
    old_value_integer: int = 0
    old_value_char: str | bool = False
    new_value_integer: int = 0
    new_value_char: str | bool = False


class _Message(Numbered, frozen=True):
    res_id: int


class _Stage(Numbered, frozen=True):
    name: str
    is_won: bool = False

    def kind(self) -> StageKind:
        return "won" if self.is_won else "open"


class TrackedLead(Numbered, frozen=True):
    """What the steps of a lead start from."""

    create_date: str
    stage_id: Named = None


def read_steps(rpc: OdooRPC, leads: Sequence[TrackedLead]) -> Mapping[int, Sequence[DealStep]]:
    """Number of a lead → its steps in order of time, the present one last; none of leads that never changed.

    Raises:
        CRMUnavailable, CRMRejected: Odoo cannot, or the key may not read tracked changes (403).
    """
    ids = [lead.id for lead in leads]
    changes = [
        change
        for start in range(0, len(ids), LEADS_AT_ONCE)
        for change in rpc.search_all(TRACKING, _tracked(ids[start : start + LEADS_AT_ONCE]), list[_Change])
    ]
    if not changes:
        return {}
    stages = {stage.id: stage for stage in rpc.search_all("crm.stage", [], list[_Stage])}
    by_lead = _by_lead(rpc, changes)
    return {lead.id: _steps(lead, by_lead[lead.id], stages) for lead in leads if lead.id in by_lead}


def probe(rpc: OdooRPC) -> None:
    """Read no tracked change, to see whether they may be read."""
    rpc.search(TRACKING, _tracked([0]), "id", list[_Change])


def _tracked(lead_ids: Sequence[int]) -> Domain:
    return [
        ["mail_message_id.model", "=", LEADS],
        ["mail_message_id.res_id", "in", list(lead_ids)],
        ["field_id.name", "in", ["stage_id", "active"]],
    ]


def _by_lead(rpc: OdooRPC, changes: Sequence[_Change]) -> dict[int, list[_Change]]:
    """A change names its message, and the message its lead."""
    message_ids = sorted({change.mail_message_id[0] for change in changes if isinstance(change.mail_message_id, tuple)})
    messages = rpc.search_all("mail.message", [["id", "in", message_ids]], list[_Message])
    lead_of = {message.id: message.res_id for message in messages}
    by_lead: dict[int, list[_Change]] = {}
    for change in sorted(changes, key=lambda change: (change.create_date, change.id)):
        message = change.mail_message_id
        if isinstance(message, tuple) and message[0] in lead_of:
            by_lead.setdefault(lead_of[message[0]], []).append(change)
    return by_lead


def _steps(lead: TrackedLead, changes: Sequence[_Change], stages: Mapping[int, _Stage]) -> list[DealStep]:
    """Of a moment the last change counts: a lost lead that is won is restored and moved at once."""
    first = next((change for change in changes if change.new_value_char), None)
    number, name = _before(first) if first else _present(lead)
    at_moment, is_active = {lead.create_date: _step(number, name, lead.create_date, stages)}, True
    for change in changes:
        if change.new_value_char:
            number, name = change.new_value_integer, str(change.new_value_char)
        else:
            is_active = bool(change.new_value_integer)
        step = _step(number, name, change.create_date, stages)
        at_moment[change.create_date] = step if is_active else DealStep(LOST, step.reached_at, LOST)
    steps = list(at_moment.values())
    return steps[:1] + [after for before, after in pairwise(steps) if after.stage != before.stage]


def _before(change: _Change) -> tuple[int, str]:
    return change.old_value_integer, str(change.old_value_char or "New")


def _present(lead: TrackedLead) -> tuple[int, str]:
    return lead.stage_id if isinstance(lead.stage_id, tuple) else (0, "New")


def _step(number: int, name: str, moment: str, stages: Mapping[int, _Stage]) -> DealStep:
    # A stage has its present name, as the lead's own state has: the tracked one is of another day or language.
    stage = stages.get(number)
    return DealStep(stage.name if stage else name, naive_utc(moment), stage.kind() if stage else None)
