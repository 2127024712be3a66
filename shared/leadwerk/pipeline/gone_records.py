"""Leads whose record is gone from the CRM: deleted ones end, merged ones hand their history to the survivor.

A gone lead gets a last version with its `record_state`; statements that choose what to score, deliver, call or train
leave it out. A later version, as of a restored record, brings it back. Keys follow from the CRM's change, so that
storing the same twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from leadwerk.crm.case_page import GoneRecord
from leadwerk.lead.lead import EARLIEST
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import IdentityRow, LeadRow, OutcomeRow, TableRow, TouchpointRow
from leadwerk.warehouse.statement import statement

INHERITED = "merged:"
"""Event ids of rows that a survivor inherited begin so; the lead and the id of the row that was copied follow."""


def store_gone(warehouse: Warehouse, gone_records: Sequence[GoneRecord], now: datetime) -> int:
    """Store that these records are gone, and return how many leads this ended; a lead that was never stored cannot end.

    The lead's rows of before must be stored: a merged lead's history is copied as it stands.
    """
    ends = [
        _End(record.lead_id, (record.changed_at or now).astimezone(UTC), record.merged_into) for record in gone_records
    ]
    # In order: what a lead inherited, it hands on when it is merged itself.
    return sum(_store(warehouse, end) for end in sorted(_news(warehouse, ends), key=lambda end: end.at))


def store_found_gone(warehouse: Warehouse, records: Sequence[GoneRecord], now: datetime) -> int:
    """As `store_gone`, of records that a delivery found gone.

    Another record may show a lead's score because the lead was converted; merged it was only into a stored lead.
    """
    heirs = [record.merged_into for record in records if record.merged_into]
    leads = {row.lead_id for row in _versions(warehouse, heirs, now)}
    return store_gone(
        warehouse, [item for item in records if item.merged_into is None or item.merged_into in leads], now
    )


@dataclass(frozen=True)
class _End:
    """The end of a lead's record `at` a moment (UTC)."""

    lead_id: str
    at: datetime
    survivor: str | None

    def event_id(self, of: str = "") -> str:
        """Id of the lead's last version, or of the survivor's copy of the row `of`."""
        return f"{INHERITED}{self.lead_id}:{of}" if of else f"gone:{self.lead_id}:{self.at.isoformat()}"


def _versions(warehouse: Warehouse, lead_ids: Sequence[str], as_of: datetime) -> list[LeadRow]:
    parameters = {"lead_ids": lead_ids, "as_of": as_of}
    return warehouse.rows(statement("leads/latest", LeadRow), parameters) if lead_ids else []


def _news(warehouse: Warehouse, ends: Sequence[_End]) -> list[_End]:
    """The ends of stored leads that are not stored yet: most CRMs state theirs again with each reading."""
    latest = max((end.at for end in ends), default=EARLIEST)
    stored = {row.lead_id: row for row in _versions(warehouse, [end.lead_id for end in ends], latest)}
    return [end for end in ends if end.lead_id in stored and not _is_stored(end, stored[end.lead_id])]


def _is_stored(end: _End, version: LeadRow) -> bool:
    return version.record_state is not None and version.merged_into == end.survivor


def _store(warehouse: Warehouse, end: _End) -> int:
    versions = _versions(warehouse, [end.lead_id], end.at)
    if not versions:
        return 0
    if end.survivor is not None:
        _hand_on(warehouse, end, end.survivor)
    last = replace(
        versions[0],
        event_id=end.event_id(),
        recorded_at=end.at,
        stored_at=None,
        record_state="deleted" if end.survivor is None else "merged",
        merged_into=end.survivor,
    )
    return warehouse.append("leads", [last])


def _hand_on(warehouse: Warehouse, end: _End, survivor: str) -> None:
    """Store the merged lead's links, touchpoints and statuses as rows of the survivor, known from the merge on."""
    parameters = {"lead_ids": [end.lead_id], "first_day": EARLIEST.date()}
    of_lead = {"lead_ids": [end.lead_id]}
    links = warehouse.rows(statement("identities/of_leads", IdentityRow), of_lead)
    touchpoints = warehouse.rows(statement("touchpoints/of_leads", TouchpointRow), parameters)
    both = parameters | {"lead_ids": [end.lead_id, survivor]}
    statuses = warehouse.rows(statement("outcomes/of_leads", OutcomeRow), both)
    copies: dict[str, list[TableRow]] = {
        "identities": [replace(row, lead_id=survivor, linked_at=end.at, stored_at=None) for row in links],
        "touchpoints": [
            replace(row, lead_id=survivor, event_id=end.event_id(row.event_id), recorded_at=end.at)
            for row in touchpoints
        ],
        "outcomes": list(_statuses(statuses, end, survivor)),
    }
    for table, rows in copies.items():
        if rows:
            warehouse.append(table, rows)


def _statuses(statuses: Sequence[OutcomeRow], end: _End, survivor: str) -> Iterator[OutcomeRow]:
    """The lead's statuses as the survivor's; then the survivor's own once more, if an inherited one would hide it."""
    inherited = [row for row in statuses if row.lead_id == end.lead_id]
    for row in inherited:
        yield replace(row, lead_id=survivor, event_id=end.event_id(row.event_id), recorded_at=end.at)
    survivor_statuses = [
        row
        for row in statuses
        if row.lead_id == survivor and row.occurred_at <= end.at and not row.event_id.startswith(INHERITED)
    ]
    if survivor_statuses and inherited and inherited[-1].occurred_at > survivor_statuses[-1].occurred_at:
        event_id = end.event_id(survivor_statuses[-1].event_id)
        yield replace(
            survivor_statuses[-1], event_id=event_id, day=end.at.date(), occurred_at=end.at, recorded_at=end.at
        )
