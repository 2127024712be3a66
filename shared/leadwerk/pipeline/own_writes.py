"""The loop guard: a score that we write moves the CRM's stamp, but changes no case.

Most CRMs tell the present state of what was modified, not what changed. So a case whose status, reason and amount are
those of its last change is no change of status: otherwise each delivery would count as a seller's work on the lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from msgspec import Struct

from leadwerk.crm.case_page import Case
from leadwerk.errors import InputError
from leadwerk.lead import parse_amount
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class LatestStatus(Struct, frozen=True, kw_only=True):
    """A row of outcomes/latest."""

    lead_id: str
    status: str
    reason: str | None
    amount: float | None
    occurred_at: datetime


def without_own_writes(warehouse: Warehouse, cases: Sequence[Case], first_day: date) -> tuple[Case, ...]:
    """The cases in order of time, those without a change of status marked so."""
    lead_ids = list(dict.fromkeys(_lead_id(case) for case in cases if case.status_changed))
    if not lead_ids:
        return tuple(cases)
    parameters = {"lead_ids": lead_ids, "first_day": first_day}
    latest = {row.lead_id: row for row in warehouse.rows(statement("outcomes/latest", LatestStatus), parameters)}
    checked: list[Case] = []
    for case in sorted(cases, key=lambda case: case.changed_at):
        if case.status_changed:
            status = _status(case)
            last = latest.get(status.lead_id)
            if last is not None and case.changed_at >= last.occurred_at and _says_the_same(last, status):
                case = replace(case, status_changed=False)
            elif last is None or case.changed_at >= last.occurred_at:
                latest[status.lead_id] = status
        checked.append(case)
    return tuple(checked)


def _lead_id(case: Case) -> str:
    return str(case.lead.get("lead_id", ""))


def _status(case: Case) -> LatestStatus:
    return LatestStatus(
        lead_id=_lead_id(case),
        status=case.status,
        reason=(case.reason or "").strip() or None,
        amount=_amount(case.amount),
        occurred_at=case.changed_at,
    )


def _amount(amount: float | str | None) -> float | None:
    try:
        return None if amount in (None, "") else float(parse_amount(amount))
    except InputError:
        # Ingestion stores none either, and rejects it by name.
        return None


def _says_the_same(last: LatestStatus, status: LatestStatus) -> bool:
    return (last.status, last.reason, last.amount) == (status.status, status.reason, status.amount)
