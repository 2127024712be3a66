"""Changes of Pipedrive as cases: persons, and deals with theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from leadwerk.crm.case_page import Case, CasePage, GoneRecord
from leadwerk.crm.keyset import Position, joined, split
from leadwerk.crm.optional_reads import OptionalReads
from leadwerk.crm.pipedrive_activities import activity_pages
from leadwerk.crm.pipedrive_stages import HISTORY, KINDS, Ask, Query, read_steps
from leadwerk.crm.stage_steps import DealStep, past_cases
from leadwerk.warehouse.batches import batches

PAGE_SIZE = 500
PERSONS_AT_ONCE = 100
PERSONS, DEALS = "/api/v2/persons", "/api/v2/deals"
PERSON = "person:"  # of a hint
MARKETING: Query = {"include_fields": "marketing_status"}


class _Entry(msgspec.Struct, frozen=True):
    value: str = ""


class PipedrivePerson(msgspec.Struct, frozen=True):
    """A person as Pipedrive has it; deleted ones are kept for 30 days."""

    id: int
    add_time: str
    emails: list[_Entry] = []
    phones: list[_Entry] = []
    job_title: str | None = None
    update_time: str | None = None
    marketing_status: str | None = None
    label_ids: list[int] = []
    is_deleted: bool = False
    owner_id: int | None = None

    def stamp(self) -> datetime:
        """Moment of the last change, UTC."""
        return datetime.fromisoformat(self.update_time or self.add_time).astimezone(UTC)


class _Deal(msgspec.Struct, frozen=True):
    id: int
    update_time: str
    status: str
    add_time: str = ""
    person_id: int | None = None
    stage_id: int | None = None
    value: float | None = None
    lost_reason: str | None = None

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.update_time).astimezone(UTC)


class _More(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class _Deals(msgspec.Struct, frozen=True):
    data: list[_Deal]
    additional_data: _More = _More()


class _Persons(msgspec.Struct, frozen=True):
    data: list[PipedrivePerson]
    additional_data: _More = _More()


class _PersonAnswer(msgspec.Struct, frozen=True):
    data: PipedrivePerson


def pages(ask: Ask, cursor: str | None, overlap: timedelta) -> Iterator[CasePage]:
    """See `CRM.pull`: changed persons, changed deals with theirs, what sellers did. Pages follow Pipedrive's cursor."""
    reads = OptionalReads()
    return reads.reported(_pages(ask, split(cursor, 3), overlap, reads), cursor)


def _pages(ask: Ask, positions: list[Position | None], overlap: timedelta, reads: OptionalReads) -> Iterator[CasePage]:
    for index, path in enumerate((PERSONS, DEALS)):
        parameters = {**MARKETING, **_window(positions[index], overlap)}
        more = True
        while more:
            answer = ask(path, parameters)
            page = answer.decoded(_Persons) if path == PERSONS else answer.decoded(_Deals)
            if page.data:
                last, position = Position(page.data[-1].stamp(), str(page.data[-1].id)), positions[index]
                # The overlap reads older changes again; the cursor itself never moves back.
                positions[index] = max(last, position) if position else last
                yield CasePage(tuple(_cases(ask, page, reads)), (), joined(positions), last.stamp - overlap)
            more = bool(page.additional_data.next_cursor)
            parameters["cursor"] = page.additional_data.next_cursor or ""
    yield from activity_pages(ask, positions, overlap, _window(positions[2], overlap), reads)


def _window(start: Position | None, overlap: timedelta) -> dict[str, str | int]:
    """Query parameters of a list of what changed, the oldest change first."""
    window: dict[str, str | int] = {"sort_by": "update_time", "sort_direction": "asc", "limit": PAGE_SIZE}
    return window | ({"updated_since": start.before(overlap).stamp.strftime("%Y-%m-%dT%H:%M:%SZ")} if start else {})


def reread(ask: Ask, record_ids: Sequence[str]) -> CasePage:
    """See `CRM.reread`; the records are deals, and persons as person:ID."""
    deals: list[_Deal] = []
    person_ids = [record_id.removeprefix(PERSON) for record_id in record_ids if record_id.startswith(PERSON)]
    deal_ids = [record_id for record_id in record_ids if not record_id.startswith(PERSON)]
    for ids in batches(deal_ids, PERSONS_AT_ONCE):
        answer = ask(DEALS, {"ids": ",".join(ids)})
        deals += answer.decoded(_Deals).data
    persons = {record_id: person_of(ask, record_id) for record_id in person_ids}
    present = [person for person in persons.values() if person and not person.is_deleted]
    gone_records = [
        GoneRecord(record_id, person.stamp() if person else None)
        for record_id, person in persons.items()
        if person is None or person.is_deleted
    ]
    reads = OptionalReads()
    cases = (*map(_person_case, present), *_cases(ask, _Deals(deals), reads))
    return reads.noted(CasePage(cases, (), "", gone_records=tuple(gone_records)))


def person_of(ask: Ask, record_id: str) -> PipedrivePerson | None:
    """A person by id, even if deleted (Pipedrive keeps them 30 days); None where Pipedrive has nobody of this id."""
    answer = ask(f"{PERSONS}/{record_id}", MARKETING)
    return answer.decoded(_PersonAnswer).data if answer.status == 200 else None


def _cases(ask: Ask, page: _Deals | _Persons, reads: OptionalReads) -> Iterator[Case]:
    if isinstance(page, _Persons):
        yield from map(_person_case, page.data)
        return
    deals = page.data
    ids = list(dict.fromkeys(str(deal.person_id) for deal in deals if deal.person_id is not None))
    persons: dict[int, PipedrivePerson] = {}
    for some in batches(ids, PERSONS_AT_ONCE):
        answer = ask(PERSONS, {**MARKETING, "ids": ",".join(some)})
        persons |= {person.id: person for person in answer.decoded(_Persons).data}
    for deal in deals:
        person = persons.get(deal.person_id or 0)
        if person is not None:
            present = _case(deal, person)
            steps: Sequence[DealStep] = reads.read(HISTORY, partial(read_steps, ask, deal.id, deal.add_time), [])
            yield from past_cases(f"deal:{deal.id}", steps, present)
            yield present


def _case(deal: _Deal, person: PipedrivePerson) -> Case:
    return Case(
        event_id=f"deal:{deal.id}:{deal.status}:{deal.stage_id}:{deal.update_time}",
        changed_at=deal.stamp(),
        lead=_lead(person),
        status=deal.status,
        reason=deal.lost_reason,
        amount=deal.value,
        kind=KINDS.get(deal.status),
    )


def _person_case(person: PipedrivePerson) -> Case:
    """A person whose deals, if there are any, come by themselves."""
    event_id = f"person:{person.id}:{person.stamp().isoformat()}"
    return Case(event_id, person.stamp(), _lead(person), "open", status_changed=False)


def _lead(person: PipedrivePerson) -> dict[str, str | bool | None]:
    return {
        "lead_id": str(person.id), "created_at": person.add_time, "job_title": person.job_title,
        "email": person.emails[0].value if person.emails else None,
        "phone": person.phones[0].value if person.phones else None,
        "unsubscribed": person.marketing_status == "unsubscribed" if person.marketing_status else None,
        "crm_owner": None if person.owner_id is None else str(person.owner_id),
    }  # fmt: skip
