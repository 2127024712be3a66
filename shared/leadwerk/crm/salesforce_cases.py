"""Changes of Salesforce as cases: leads, the opportunities that they became, and leads that are gone; by SOQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

import msgspec

from leadwerk.crm.case_page import Case, CasePage, GoneRecord, StageKind
from leadwerk.crm.keyset import Position, joined, split, walk_list
from leadwerk.crm.optional_reads import OptionalObject, OptionalReads
from leadwerk.crm.salesforce_activities import ACTIVITY_LISTS, activity_pages
from leadwerk.crm.salesforce_stages import HISTORY, read_steps
from leadwerk.crm.soql import Ask, after_position, answer_of, moment_of, quoted
from leadwerk.crm.stage_steps import DealStep, past_cases

PAGE_SIZE = 2000
COLUMNS = (
    "Id, CreatedDate, SystemModstamp, Email, Phone, PostalCode, Country, Title, Industry, NumberOfEmployees,"
    " AnnualRevenue, Status, IsConverted, OwnerId, ConvertedOpportunity.StageName,"
    " ConvertedOpportunity.IsWon, ConvertedOpportunity.IsClosed, ConvertedOpportunity.Amount,"
    " ConvertedOpportunity.SystemModstamp, ConvertedOpportunityId"
)
OPT_OUT = "HasOptedOutOfEmail"
UNSUBSCRIBES = OptionalObject(
    OPT_OUT, "unsubscribes, which spare people campaigns", f"the right to read the field {OPT_OUT} of leads"
)
LEAD_STAMP, OPPORTUNITY_STAMP = "SystemModstamp", "ConvertedOpportunity.SystemModstamp"


class Whereabouts(msgspec.Struct, frozen=True, rename="pascal"):
    """What became of a lead."""

    id: str
    system_modstamp: str = "1970-01-01T00:00:00.000+0000"
    is_deleted: bool = False
    master_record_id: str | None = None
    converted_contact_id: str | None = None

    def place(self) -> Position:
        """Where it stands in the order of the last change."""
        return Position(moment_of(self.system_modstamp), self.id)


class WhereaboutsAnswer(msgspec.Struct, frozen=True):
    """Answer of a query for whereabouts."""

    records: list[Whereabouts]


class _Opportunity(msgspec.Struct, frozen=True, rename="pascal"):
    stage_name: str
    system_modstamp: str
    is_won: bool = False
    is_closed: bool = False
    amount: float | None = None


class _Lead(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    created_date: str
    system_modstamp: str
    status: str = "Open"
    email: str | None = None
    phone: str | None = None
    postal_code: str | None = None
    country: str | None = None
    title: str | None = None
    industry: str | None = None
    number_of_employees: int | None = None
    annual_revenue: float | None = None
    has_opted_out_of_email: bool | None = None
    owner_id: str | None = None
    converted_opportunity: _Opportunity | None = None
    converted_opportunity_id: str | None = None


class _LeadsAnswer(msgspec.Struct, frozen=True):
    records: list[_Lead]


def pages(ask: Ask, cursor: str | None, overlap: timedelta, now: datetime) -> Iterator[CasePage]:
    """See `CRM.pull`: changed leads, those whose opportunity changed, deleted ones, what sellers did until `now`."""
    reads = OptionalReads()
    positions = split(cursor, 3 + ACTIVITY_LISTS)
    lists = (_changed(ask, positions, overlap, reads), _deleted(ask, positions, overlap))
    return reads.reported(chain(*lists, activity_pages(ask, positions, overlap, now, reads)), cursor)


def _changed(
    ask: Ask, positions: list[Position | None], overlap: timedelta, reads: OptionalReads
) -> Iterator[CasePage]:
    for index, column in enumerate((LEAD_STAMP, OPPORTUNITY_STAMP)):

        def fetch(place: Position | None, column: str = column) -> Sequence[_Lead]:
            return _query(ask, column, place, reads)

        def place_of(lead: _Lead, column: str = column) -> Position:
            return Position(_stamp(lead, column), lead.id)

        for leads, whole_until in walk_list(positions, index, overlap, fetch, place_of):
            # The steps once: a change of the opportunity moves its own stamp.
            is_deal = column == OPPORTUNITY_STAMP
            cases = _with_steps(ask, leads, reads) if is_deal else (_case(lead, column) for lead in leads)
            yield CasePage(tuple(cases), (), joined(positions), whole_until)


def _deleted(ask: Ask, positions: list[Position | None], overlap: timedelta) -> Iterator[CasePage]:
    """Leads that were deleted or merged away; the third of the `positions` moves on."""
    for leads, whole_until in walk_list(positions, 2, overlap, partial(_query_deleted, ask), Whereabouts.place):
        gone_records = tuple(GoneRecord(lead.id, lead.place().stamp, lead.master_record_id) for lead in leads)
        yield CasePage((), (), joined(positions), whole_until, gone_records)


def _query_deleted(ask: Ask, place: Position | None) -> Sequence[Whereabouts]:
    filters = " AND ".join(["IsDeleted = true", *after_position(LEAD_STAMP, place)])
    query = (
        f"SELECT Id, SystemModstamp, IsDeleted, MasterRecordId FROM Lead WHERE {filters}"  # noqa: S608  quoted
        f" ORDER BY {LEAD_STAMP}, Id LIMIT {PAGE_SIZE}"
    )
    return answer_of(ask, query, "queryAll").decoded(WhereaboutsAnswer).records


def _query(ask: Ask, column: str, place: Position | None, reads: OptionalReads, where: str = "") -> Sequence[_Lead]:
    """Leads behind a place. Salesforce refuses a query whole for one field that the user may not read."""
    conditions = [*([where] if where else []), *after_position(column, place)]
    if column == OPPORTUNITY_STAMP:
        conditions.append("ConvertedOpportunityId != null")
    filters = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    query = f"FROM Lead{filters} ORDER BY {column}, Id LIMIT {PAGE_SIZE}"
    answer = reads.read(UNSUBSCRIBES, lambda: answer_of(ask, f"SELECT {COLUMNS}, {OPT_OUT} {query}"), None)
    answer = answer or answer_of(ask, f"SELECT {COLUMNS} {query}")
    return answer.decoded(_LeadsAnswer).records


def probe(ask: Ask) -> None:
    """Read no lead, to see whether who unsubscribed may be read."""
    answer_of(ask, f"SELECT {OPT_OUT} FROM Lead WHERE Id = ''")  # noqa: S608  names of ours


def reread(ask: Ask, record_ids: Sequence[str]) -> CasePage:
    """See `CRM.reread`."""
    ids = ", ".join(quoted(record_id) for record_id in record_ids)
    reads = OptionalReads()
    leads = _query(ask, LEAD_STAMP, None, reads, f"Id IN ({ids})") if record_ids else ()
    cases = tuple(_with_steps(ask, leads, reads))
    return reads.noted(CasePage(cases, (), ""))


def _with_steps(ask: Ask, leads: Sequence[_Lead], reads: OptionalReads) -> Iterator[Case]:
    """Each lead as it stands, after the stages that its opportunity has passed."""
    deal_ids = dict.fromkeys(lead.converted_opportunity_id for lead in leads if lead.converted_opportunity_id)
    steps: Mapping[str, Sequence[DealStep]] = reads.read(HISTORY, lambda: read_steps(ask, list(deal_ids)), {})
    for lead in leads:
        present = _case(lead, OPPORTUNITY_STAMP)
        deal_id = lead.converted_opportunity_id
        if deal_id:
            yield from past_cases(f"opportunity:{deal_id}", steps.get(deal_id, ()), present)
        yield present


def _case(lead: _Lead, column: str) -> Case:
    changed_at = _stamp(lead, column)
    deal = lead.converted_opportunity
    kind: StageKind | None = None
    if deal is not None:
        kind = "won" if deal.is_won else "lost" if deal.is_closed else "open"
    return Case(
        event_id=f"lead:{lead.id}:{deal.stage_name if deal else lead.status}:{changed_at.isoformat()}",
        changed_at=changed_at,
        lead={
            "lead_id": lead.id, "created_at": lead.created_date, "email": lead.email, "phone": lead.phone,
            "postcode": lead.postal_code, "country": lead.country, "job_title": lead.title,
            "industry": lead.industry, "employees": lead.number_of_employees, "revenue": lead.annual_revenue,
            "unsubscribed": lead.has_opted_out_of_email, "crm_owner": lead.owner_id,
        },
        status=deal.stage_name if deal else lead.status,
        amount=deal.amount if deal else None,
        # A lead's stamp does not say when its opportunity changed; the opportunity's own does.
        status_changed=deal is None or column == OPPORTUNITY_STAMP,
        kind=kind,
    )  # fmt: skip


def _stamp(lead: _Lead, column: str) -> datetime:
    deal = lead.converted_opportunity
    text = deal.system_modstamp if column == OPPORTUNITY_STAMP and deal else lead.system_modstamp
    return moment_of(text)
