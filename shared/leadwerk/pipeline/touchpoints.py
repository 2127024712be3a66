"""Touchpoints from outside the CRM: a fair's list of visitors, e-mail opens and clicks, calls, a calculator's log.

They come by HTTP or from a file.

A touchpoint names its lead by id, or by the person's e-mail address or telephone number, used and forgotten. Of
a person with several leads the one created last gets it: one contact is counted once. The same touchpoint sent twice is
stored once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.lead.mail_scan import SCAN, MailClick, scans
from leadwerk.pipeline.touchpoint_reader import CALCULATOR, ReadTouchpoint, RefusedTouchpoint, TouchpointReader
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import TouchpointRow
from leadwerk.warehouse.statement import statement

_ID_DIGITS = 32


class LeadOfPerson(Struct, frozen=True, kw_only=True):
    """A row of leads/of_persons."""

    lead_id: str
    person_key: str | None


class StoredClick(Struct, frozen=True, kw_only=True):
    """A row of touchpoints/clicks."""

    event_id: str
    lead_id: str
    kind: str
    occurred_at: datetime


class TouchpointReport(Struct, frozen=True, kw_only=True):
    """Result of a run: `stored` new ones, `already_stored` ones that were there before, and the refused.

    `kinds_without_signal`: kinds that no signal of the policy counts; they are stored, and count once a signal does.
    `scans`: clicks of mail scanners, stored as `email_scan`, which no signal counts.
    """

    stored: int
    already_stored: int
    refused: tuple[RefusedTouchpoint, ...] = ()
    kinds_without_signal: tuple[str, ...] = ()
    scans: int = 0


def run(
    warehouse: Warehouse, policy: Policy, touchpoints: Sequence[object], *, now: datetime, person_key: str
) -> TouchpointReport:
    """Store the touchpoints of leads that exist; `now` is aware. One without a time happened now."""
    reader = TouchpointReader(policy, now, person_key)
    readable = [item for index, raw in enumerate(touchpoints) if (item := reader.read(index, raw)) is not None]
    with warehouse.unit_of_work():
        leads = _leads(warehouse, readable, now)
        rows: dict[str, TouchpointRow] = {}
        clicks: dict[str, MailClick] = {}
        for item in readable:
            lead_id = leads.get(item.lead_id or item.person_key or "")
            if lead_id is None:
                message, remedy = Message("reject.touchpoint.unknown_lead"), Message("reject.touchpoint.lead_first")
                reader.refuse(item.index, "lead_id" if item.lead_id else "email", message, remedy)
                continue
            row = _row(item, lead_id, now)
            # By id: a touchpoint sent twice in one call is stored once.
            rows[row.event_id] = row
            clicks[row.event_id] = _click(item, row)
        rows, scan_count = _with_scans(warehouse, policy, rows, clicks)
        stored = warehouse.append("touchpoints", [*rows.values()])
    counted = {signal.touchpoint for signal in policy.signals} | {CALCULATOR, SCAN}
    return TouchpointReport(
        stored=stored,
        already_stored=len(touchpoints) - len(reader.refused) - stored,
        refused=tuple(sorted(reader.refused, key=lambda refusal: refusal.index)),
        kinds_without_signal=tuple(sorted({row.kind for row in rows.values()} - counted)),
        scans=scan_count,
    )


def _click(item: ReadTouchpoint, row: TouchpointRow) -> MailClick:
    """The touchpoint as a click, of the lead of its row."""
    link = item.link or row.event_id
    return MailClick(row.lead_id, row.kind, row.occurred_at, link, item.delivered_at, item.user_agent)


def _with_scans(
    warehouse: Warehouse, policy: Policy, rows: Mapping[str, TouchpointRow], clicks: Mapping[str, MailClick]
) -> tuple[dict[str, TouchpointRow], int]:
    """The rows by id, those of mail scanners with their own kind, and how many these are.

    Clicks that come one by one are compared with the stored ones: of a scan of many links the first few still count.
    """
    rules = policy.mail_scanners
    of_mail = {event_id: click for event_id, click in clicks.items() if click.kind in rules.kinds}
    if not of_mail:
        return dict(rows), 0
    window = timedelta(seconds=rules.within_seconds)
    moments = [click.clicked_at for click in of_mail.values()]
    parameters = {
        "lead_ids": sorted({click.lead_id for click in of_mail.values()}),
        "kinds": [*rules.kinds, SCAN],
        "first_day": (min(moments) - window).date(),
        "first_at": min(moments) - window,
        "last_at": max(moments) + window,
    }
    stored = [
        MailClick(row.lead_id, row.kind, row.occurred_at, row.event_id)
        for row in warehouse.rows(statement("touchpoints/clicks", StoredClick), parameters)
        if row.event_id not in of_mail
    ]
    is_scan = dict(zip(of_mail, scans(rules, [*of_mail.values()], stored), strict=True))
    kinds = {event_id: SCAN for event_id, scan in is_scan.items() if scan}
    return {key: replace(row, kind=kinds.get(key, row.kind)) for key, row in rows.items()}, len(kinds)


def _leads(warehouse: Warehouse, touchpoints: Sequence[ReadTouchpoint], now: datetime) -> dict[str, str]:
    """The lead of each lead id and of each person, who stands for the lead created last."""
    lead_ids = sorted({item.lead_id for item in touchpoints if item.lead_id})
    persons = sorted({item.person_key for item in touchpoints if item.person_key and not item.lead_id})
    parameters = {"lead_ids": lead_ids, "person_keys": persons, "as_of": now}
    rows = warehouse.rows(statement("leads/of_persons", LeadOfPerson), parameters)
    by_person = {row.person_key: row.lead_id for row in rows if row.person_key in set(persons)}
    return {**by_person, **{row.lead_id: row.lead_id for row in rows if row.lead_id in set(lead_ids)}}


def _row(item: ReadTouchpoint, lead_id: str, now: datetime) -> TouchpointRow:
    occurred_at = item.occurred_at.astimezone(UTC)
    # Without an id of the source, the same kind at the same second is the same touchpoint.
    amounts = [f"{name}={amount!r}" for name, amount in sorted(item.amounts.items())]
    second = occurred_at.replace(microsecond=0).isoformat()
    identity = item.event_id or "\x1f".join((lead_id, item.kind, second, *amounts))
    return TouchpointRow(
        event_id=item.event_id or hashlib.sha256(identity.encode()).hexdigest()[:_ID_DIGITS],
        lead_id=lead_id,
        day=occurred_at.date(),
        occurred_at=occurred_at,
        recorded_at=now.astimezone(UTC),
        kind=item.kind,
        **item.amounts,
    )
