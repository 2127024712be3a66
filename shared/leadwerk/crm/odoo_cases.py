"""Changed leads of Odoo as cases, each after the stages that it passed. Times are UTC without an offset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from leadwerk.crm.case_page import Case, CasePage, GoneRecord, StageKind
from leadwerk.crm.keyset import Position, joined, naive_utc, split, walk_list
from leadwerk.crm.odoo_activities import ACTIVITY_LISTS, activity_pages
from leadwerk.crm.odoo_history import HISTORY, TrackedLead, read_steps
from leadwerk.crm.odoo_rpc import LEADS, Named, OdooRPC, after_place
from leadwerk.crm.optional_reads import OptionalReads
from leadwerk.crm.stage_steps import DealStep, past_cases


class _Lead(TrackedLead, frozen=True):
    """Odoo writes false for an empty value."""

    write_date: str = ""
    email_from: str | bool = False
    phone: str | bool = False
    zip: str | bool = False
    function: str | bool = False
    active: bool = True
    probability: float = 0.0
    lost_reason_id: Named = None
    expected_revenue: float = 0.0
    is_blacklisted: bool = False
    user_id: Named = None

    def place(self) -> Position:
        return Position(naive_utc(self.write_date), f"{self.id:012}")


def pages(rpc: OdooRPC, cursor: str | None, overlap: timedelta, now: datetime) -> Iterator[CasePage]:
    """See `CRM.pull`: changed leads, then what sellers did until `now`."""
    reads = OptionalReads()
    return reads.reported(_pages(rpc, split(cursor, 1 + ACTIVITY_LISTS), overlap, now, reads), cursor)


def _pages(
    rpc: OdooRPC, positions: list[Position | None], overlap: timedelta, now: datetime, reads: OptionalReads
) -> Iterator[CasePage]:
    for leads, whole_until in walk_list(positions, 0, overlap, partial(_changed_leads, rpc), _Lead.place):
        yield CasePage(tuple(_cases(rpc, leads, reads)), (), joined(positions), whole_until)
    yield from activity_pages(rpc, positions, overlap, now, reads)


def _changed_leads(rpc: OdooRPC, place: Position | None) -> Sequence[_Lead]:
    return rpc.search(LEADS, after_place("write_date", place), "write_date, id", list[_Lead])


def reread(rpc: OdooRPC, record_ids: Sequence[str]) -> CasePage:
    """See `CRM.reread`."""
    ids = [int(record_id) for record_id in record_ids if record_id.isdigit()]
    leads = rpc.search(LEADS, [["id", "in", ids]], "id", list[_Lead])
    present = {lead.id for lead in leads}
    gone_records = tuple(GoneRecord(str(number)) for number in ids if number not in present)
    reads = OptionalReads()
    cases = tuple(_cases(rpc, leads, reads))
    return reads.noted(CasePage(cases, (), "", gone_records=gone_records))


def _cases(rpc: OdooRPC, leads: Sequence[_Lead], reads: OptionalReads) -> Iterator[Case]:
    steps: Mapping[int, Sequence[DealStep]] = reads.read(HISTORY, partial(read_steps, rpc, leads), {})
    for lead in leads:
        present = _case(lead)
        yield from past_cases(f"lead:{lead.id}", steps.get(lead.id, ()), present)
        yield present


def _case(lead: _Lead) -> Case:
    stage = lead.stage_id[1] if isinstance(lead.stage_id, tuple) else "New"
    kind: StageKind = "lost" if not lead.active else "won" if lead.probability >= 100 else "open"
    return Case(
        event_id=f"lead:{lead.id}:{kind}:{stage}:{lead.write_date}",
        changed_at=naive_utc(lead.write_date),
        lead={
            "lead_id": str(lead.id), "created_at": naive_utc(lead.create_date).isoformat(),
            "email": lead.email_from or None, "phone": lead.phone or None, "postcode": lead.zip or None,
            "job_title": lead.function or None, "unsubscribed": lead.is_blacklisted,
            "crm_owner": str(lead.user_id[0]) if isinstance(lead.user_id, tuple) else None,
        },
        # A lost lead keeps its stage, so the stage says nothing then.
        status="lost" if kind == "lost" else stage,
        reason=lead.lost_reason_id[1] if isinstance(lead.lost_reason_id, tuple) else None,
        amount=lead.expected_revenue or None,
        kind=kind,
    )  # fmt: skip
