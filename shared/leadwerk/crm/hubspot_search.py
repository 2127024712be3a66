"""HubSpot's search: records that changed, in the order of (stamp, id).

It returns at most 10,000 records of a query, so pages follow that order and never a running number; it sorts by one
property.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.keyset import Position

VERSION = "2026-09"
# HubSpot's search returns no more results than this.
PAGE_SIZE = 200
ID = "hs_object_id"


class ObjectRecord(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    properties: dict[str, str | None]
    archived_at: datetime | None = None

    def stamp(self) -> datetime:
        """Moment of the last change; contacts and deals name it differently."""
        text = self.properties.get("lastmodifieddate") or self.properties.get("hs_lastmodifieddate")
        return datetime.fromisoformat(text or "1970-01-01T00:00:00Z").astimezone(UTC)

    def place(self) -> Position:
        return Position(self.stamp(), self.id)

    def order(self) -> tuple[datetime, int]:
        """By stamp, then by number: ids are numbers."""
        return self.stamp(), int(self.id) if self.id.isdigit() else 0

    def millisecond(self) -> int:
        return int(self.stamp().timestamp() * 1000)


class _Next(msgspec.Struct, frozen=True):
    after: str


class Paging(msgspec.Struct, frozen=True):
    next: _Next | None = None


class Records(msgspec.Struct, frozen=True):
    results: list[ObjectRecord]
    paging: Paging = Paging()


@dataclass(frozen=True)
class ObjectList:
    """A list of objects that is read in the order of its stamp."""

    kind: str
    stamp: str
    properties: tuple[str, ...]


def search(http: HttpClient, listed: ObjectList, place: Position | None) -> Sequence[ObjectRecord]:
    """Records behind a place: those of its very stamp with a larger id first, then the later ones.

    HubSpot sorts by one property, so records of one stamp come in no order. A full page ends before its last stamp, and
    where a page has one stamp only, its records are read by their ids.
    """
    if place is None:
        return _in_order(http, listed, _query(http, listed, [], listed.stamp))
    same_stamp = _of_stamp(http, listed, place) if place.record_id else []
    if len(same_stamp) == PAGE_SIZE:
        return same_stamp
    operator = "GT" if place.record_id else "GTE"
    later = _query(http, listed, [_filter(listed.stamp, operator, _millisecond(place.stamp))], listed.stamp)
    ordered = _in_order(http, listed, later)
    # Results may carry stamps outside of the window: the index is older than the record.
    return same_stamp + [record for record in ordered if record.stamp() >= place.stamp]


def _in_order(http: HttpClient, listed: ObjectList, page: Sequence[ObjectRecord]) -> list[ObjectRecord]:
    """A page by (stamp, id), without those of its last stamp of which others may be missing."""
    last = page[-1].stamp() if len(page) == PAGE_SIZE else None
    whole = [record for record in page if last is None or record.stamp() < last]
    if last is not None and not whole:
        # Without any of this stamp the index is older than the record, which comes again with its new stamp.
        return _of_stamp(http, listed, Position(last, "")) or sorted(page, key=ObjectRecord.order)
    return sorted(whole, key=ObjectRecord.order)


def _of_stamp(http: HttpClient, listed: ObjectList, place: Position) -> list[ObjectRecord]:
    """Records of a place's stamp behind its id, by their ids."""
    filters = [_filter(listed.stamp, "EQ", _millisecond(place.stamp))]
    if place.record_id:
        filters.append(_filter(ID, "GT", place.record_id))
    return _query(http, listed, filters, ID)


def _millisecond(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _query(http: HttpClient, listed: ObjectList, filters: list[dict[str, str]], sorted_by: str) -> list[ObjectRecord]:
    body = {
        "filterGroups": [{"filters": filters}] if filters else [],
        "sorts": [{"propertyName": sorted_by, "direction": "ASCENDING"}],
        "properties": list(listed.properties),
        "limit": PAGE_SIZE,
    }
    answer = http.call_repeatedly("POST", f"/crm/objects/{VERSION}/{listed.kind}/search", json=body)
    if answer.status != 200:
        raise answer.unreadable(listed.kind)
    return answer.decoded(Records).results
