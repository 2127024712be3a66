"""What sellers did with contacts of HubSpot: completed calls and meetings, mails sent and received."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from leadwerk.crm.case_page import Activity, Touchpoint
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.hubspot_links import read_links
from leadwerk.crm.hubspot_search import ObjectList, ObjectRecord
from leadwerk.crm.optional_reads import OptionalObject

STAMP, OCCURRED = "hs_lastmodifieddate", "hs_timestamp"
ACTIVITIES = (
    ObjectList("calls", STAMP, (STAMP, OCCURRED, "hs_call_status")),
    ObjectList("meetings", STAMP, (STAMP, OCCURRED, "hs_meeting_outcome")),
    ObjectList("emails", STAMP, (STAMP, OCCURRED, "hs_email_direction", "hs_email_status")),
)
CONTACTS_SCOPE = "the scope crm.objects.contacts.read"
OBJECTS = {
    "calls": OptionalObject("calls", "touchpoints call", CONTACTS_SCOPE),
    "meetings": OptionalObject("meetings", "touchpoints meeting", CONTACTS_SCOPE),
    "emails": OptionalObject("emails", "touchpoints email and email_reply", "the scope sales-email-read"),
}


def activities(http: HttpClient, listed: ObjectList, records: Sequence[ObjectRecord]) -> Iterator[Activity]:
    """One touchpoint for each contact of each record that took place; a planned one comes when it is completed."""
    kinds = {record.id: kind for record in records if (kind := _kind(record))}
    links = read_links(http, listed.kind, "contacts", list(kinds))
    for record in records:
        for contact_id in links.get(record.id, ()):
            occurred_at = _moment(record.properties.get(OCCURRED)) or record.stamp()
            touchpoint = Touchpoint(f"{listed.kind}:{record.id}:{contact_id}", kinds[record.id], occurred_at)
            yield Activity(contact_id, touchpoint, record.stamp())


def _kind(record: ObjectRecord) -> str | None:
    """What took place, None where nothing did yet."""
    values = record.properties
    if "hs_call_status" in values:
        return "call" if values["hs_call_status"] == "COMPLETED" else None
    if "hs_meeting_outcome" in values:
        return "meeting" if values["hs_meeting_outcome"] == "COMPLETED" else None
    if values.get("hs_email_direction") == "INCOMING_EMAIL":
        return "email_reply"
    return "email" if values.get("hs_email_status") == "SENT" else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
