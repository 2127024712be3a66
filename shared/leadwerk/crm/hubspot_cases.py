"""Changed contacts of HubSpot as cases, and changed deals with the stages that they passed.

The search is only eventually consistent, so each run starts an overlap before its cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from leadwerk.crm.case_page import Case, CasePage, GoneRecord, StageKind
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.hubspot_activities import ACTIVITIES, OBJECTS, activities
from leadwerk.crm.hubspot_links import IDS_AT_ONCE, read_links
from leadwerk.crm.hubspot_search import VERSION, ObjectList, ObjectRecord, Records, search
from leadwerk.crm.hubspot_stages import HISTORY, read_steps
from leadwerk.crm.keyset import Position, joined, split, walk_list
from leadwerk.crm.optional_reads import OptionalReads
from leadwerk.crm.stage_steps import DealStep, past_cases
from leadwerk.warehouse.batches import batches

CONTACT_PROPERTIES = (
    "email", "phone", "zip", "country", "hs_language", "jobtitle", "industry", "numemployees", "annualrevenue",
    "createdate", "lastmodifieddate", "ga_client_id", "web_consent", "hs_lead_status", "hs_email_optout",
    "hs_calculated_merged_vids", "hubspot_owner_id",
)  # fmt: skip
DEAL_PROPERTIES = (
    "dealstage", "amount", "deal_currency_code", "closed_lost_reason", "hs_is_closed", "hs_is_closed_won",
    "hs_lastmodifieddate",
)  # fmt: skip
NAMES = {
    "zip": "postcode", "hs_language": "language", "jobtitle": "job_title", "numemployees": "employees",
    "annualrevenue": "revenue", "createdate": "created_at", "hs_email_optout": "unsubscribed",
    "hubspot_owner_id": "crm_owner",
}  # fmt: skip
MERGED = "hs_calculated_merged_vids"
ARCHIVED_AT_ONCE = 100


CONTACTS = ObjectList("contacts", "lastmodifieddate", CONTACT_PROPERTIES)
DEALS = ObjectList("deals", "hs_lastmodifieddate", DEAL_PROPERTIES)
LISTS = (CONTACTS, DEALS, *ACTIVITIES)


def pages(http: HttpClient, cursor: str | None, overlap: timedelta) -> Iterator[CasePage]:
    """See `CRM.pull`: deleted contacts, changed ones, changed deals with their contacts, then what sellers did."""
    reads = OptionalReads()
    return reads.reported(_pages(http, cursor, overlap, reads), cursor)


def _pages(http: HttpClient, cursor: str | None, overlap: timedelta, reads: OptionalReads) -> Iterator[CasePage]:
    positions = split(cursor, len(LISTS))
    # First, and without moving the cursor: the list of deleted contacts has no order of time to continue in.
    if gone_records := tuple(_archived(http, positions[0].before(overlap).stamp if positions[0] else None)):
        yield CasePage((), (), joined(positions), gone_records=gone_records)
    for index, listed in enumerate(LISTS):

        def fetch(place: Position | None, listed: ObjectList = listed) -> Sequence[ObjectRecord]:
            if listed.kind in OBJECTS:
                return reads.read(OBJECTS[listed.kind], lambda: search(http, listed, place), ())
            return search(http, listed, place)

        for records, whole_until in walk_list(positions, index, overlap, fetch, ObjectRecord.place):
            page = _page(http, listed, records, reads)
            yield replace(page, cursor=joined(positions), complete_until=whole_until)


def _page(http: HttpClient, listed: ObjectList, records: Sequence[ObjectRecord], reads: OptionalReads) -> CasePage:
    if listed is CONTACTS:
        return CasePage(tuple(_contact_cases(records)), (), "", gone_records=tuple(_merged(records)))
    if listed is DEALS:
        return CasePage(tuple(_deal_cases(http, records, reads)), (), "")
    return CasePage((), (), "", activities=tuple(activities(http, listed, records)))


def reread(http: HttpClient, record_ids: Sequence[str]) -> CasePage:
    """See `CRM.reread`."""
    contacts = _read(http, CONTACTS, record_ids)
    links = read_links(http, "contacts", "deals", [contact.id for contact in contacts])
    deals = _read(http, DEALS, list(dict.fromkeys(deal_id for deal_ids in links.values() for deal_id in deal_ids)))
    present = {contact.id for contact in contacts}
    gone_records = [
        *_merged(contacts),
        *(_missing(http, record_id) for record_id in record_ids if record_id not in present),
    ]
    reads = OptionalReads()
    cases = (*_contact_cases(contacts), *_deal_cases(http, deals, reads))
    return reads.noted(CasePage(cases, (), "", gone_records=tuple(gone_records)))


def _archived(http: HttpClient, since: datetime | None) -> Iterator[GoneRecord]:
    """Contacts deleted since then, as far as HubSpot keeps them (90 days)."""
    parameters: dict[str, str | int] = {"archived": "true", "limit": ARCHIVED_AT_ONCE}
    while True:
        answer = http.call_repeatedly("GET", f"/crm/objects/{VERSION}/contacts", params=parameters)
        if answer.status != 200:
            raise answer.unreadable("contacts (archived)")
        page = answer.decoded(Records)
        for record in page.results:
            if record.archived_at is None or since is None or record.archived_at >= since:
                yield GoneRecord(record.id, record.archived_at)
        if page.paging.next is None:
            return
        parameters["after"] = page.paging.next.after


def _merged(contacts: Sequence[ObjectRecord]) -> Iterator[GoneRecord]:
    """The contacts that were merged into these: each has a list of id:millisecond."""
    for contact in contacts:
        for entry in filter(None, (contact.properties.get(MERGED) or "").split(";")):
            record_id, _, millisecond = entry.partition(":")
            if record_id != contact.id and millisecond.isdigit():
                yield GoneRecord(record_id, datetime.fromtimestamp(int(millisecond) / 1000, UTC), contact.id)


def _missing(http: HttpClient, record_id: str) -> GoneRecord:
    """What became of a contact that cannot be read: asked for by itself, a merged one answers as its survivor."""
    for archived in ("false", "true"):
        answer = http.call_repeatedly(
            "GET", f"/crm/objects/{VERSION}/contacts/{record_id}", params={"archived": archived, "properties": MERGED}
        )
        if answer.status == 200:
            record = answer.decoded(ObjectRecord)
            merges = [gone_records for gone_records in _merged([record]) if gone_records.lead_id == record_id]
            survivor = record.id if record.id != record_id else None
            return merges[0] if merges else GoneRecord(record_id, record.archived_at, survivor)
    return GoneRecord(record_id)


def _read(http: HttpClient, listed: ObjectList, record_ids: Sequence[str]) -> list[ObjectRecord]:
    records: list[ObjectRecord] = []
    for ids in batches(record_ids, IDS_AT_ONCE):
        # HubSpot's description requires the last field, empty or not.
        body = {
            "inputs": [{"id": record_id} for record_id in ids],
            "properties": list(listed.properties),
            "propertiesWithHistory": [],
        }
        answer = http.call_repeatedly("POST", f"/crm/objects/{VERSION}/{listed.kind}/batch/read", json=body)
        records += answer.decoded(Records).results
    return records


def _contact_cases(contacts: Sequence[ObjectRecord]) -> Iterator[Case]:
    for contact in contacts:
        status = contact.properties.get("hs_lead_status") or "open"
        event_id = f"contact:{contact.id}:{contact.millisecond()}"
        yield Case(event_id, contact.stamp(), _lead(contact), status, status_changed=False)


def _lead(contact: ObjectRecord) -> Mapping[str, str | None]:
    fields = {NAMES.get(name, name): value for name, value in contact.properties.items() if name != MERGED}
    return fields | {"lead_id": contact.id}


def _deal_cases(http: HttpClient, deals: Sequence[ObjectRecord], reads: OptionalReads) -> Iterator[Case]:
    """Cases for each contact of each deal: the steps that it passed, then how it stands.

    A deal without a contact says nothing of a lead.
    """
    links = read_links(http, "deals", "contacts", [deal.id for deal in deals])
    ids = list(dict.fromkeys(contact_id for contact_ids in links.values() for contact_id in contact_ids))
    contacts = {contact.id: contact for contact in _read(http, CONTACTS, ids)}
    linked = [deal.id for deal in deals if links.get(deal.id)]
    steps: Mapping[str, Sequence[DealStep]] = reads.read(HISTORY, lambda: read_steps(http, VERSION, linked), {})
    for deal in deals:
        for contact_id in links.get(deal.id, ()):
            if contact_id in contacts:
                present = _deal_case(deal, contacts[contact_id])
                yield from past_cases(f"deal:{deal.id}", steps.get(deal.id, ()), present)
                yield present


def _deal_case(deal: ObjectRecord, contact: ObjectRecord) -> Case:
    won, closed = (deal.properties.get(name) == "true" for name in ("hs_is_closed_won", "hs_is_closed"))
    kind: StageKind = "won" if won else "lost" if closed else "open"
    stage = deal.properties.get("dealstage") or kind
    return Case(
        event_id=f"deal:{deal.id}:{contact.id}:{stage}:{deal.millisecond()}",
        changed_at=deal.stamp(),
        lead=_lead(contact),
        status=stage,
        reason=deal.properties.get("closed_lost_reason"),
        amount=deal.properties.get("amount"),
        kind=kind,
    )
