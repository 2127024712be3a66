"""A person overrides the cluster of one lead, or leaves it to the product again: recorded with name, reason and end.

A word is appended and never changed; of a lead's words the newest holds (tables/overrides/active.fragment.sql). Two
persons who speak at the same moment are both recorded, and the later one's word holds. Picks need a swap, because two
sellers who both believe that a lead is theirs call it twice; a word claims nothing for whoever says it, so there is
nothing that a swap could save: an append loses no word, and the answer says whose word it overrules.

The scores follow by themselves: whoever scores the lead next reads the word along with what stood before.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from msgspec import Struct

from leadwerk.errors import InputError, UnknownLead
from leadwerk.pipeline.thresholds.daily import day_of
from leadwerk.policy.model import Policy
from leadwerk.scoring.override import CLUSTERS, end_of, last_day
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

DAYS = 30
"""For so long a word holds that names no end: a person's knowledge of a lead grows old as its behaviour does, which no
feature window looks at for longer than a month or three."""

LONGEST_DAYS = 365
"""Nobody decides for longer than this; whoever still thinks so then says it again."""

LONGEST_NAME, LONGEST_REASON = 100, 500  # characters


class OverrideRecord(Struct, frozen=True, kw_only=True):
    """What `by` said of a lead: its cluster until the last day `until` (in the policy's time zone), that is until right
    before `ends_at`. Where he leaves it to the product, the three are None. Moments are UTC.

    `overrules` names whose word held until then; None where nobody's did.
    """

    lead_id: str
    cluster: str | None
    by: str
    reason: str
    set_at: datetime
    until: date | None
    ends_at: datetime | None
    overrules: str | None = None


class OverrideRequest(Struct, frozen=True, kw_only=True):
    """What `by` wants of a lead: for so many `days` after today, or `until` a last day; for DAYS if he names no end."""

    cluster: str
    by: str
    reason: str
    days: int | None = None
    until: date | None = None


def override(
    warehouse: Warehouse, policy: Policy, lead_id: str, request: OverrideRequest, now: datetime
) -> OverrideRecord:
    """The lead is of the cluster that a person wants, from `now` (aware) on.

    To say again what holds changes nothing, and returns the word that holds: the same cluster, name and reason, and no
    other end.

    Raises:
        UnknownLead: there is no such lead.
        InputError: the lead is closed; cluster, name, reason or end is missing or makes no sense.
    """
    columns = {"author": _name(request.by), "reason": _reason(request.reason), "cluster": _cluster(request.cluster)}
    ends_at = _end(policy, now, request.days, request.until)
    with warehouse.unit_of_work():
        before = _before(warehouse, lead_id, now)
        if before["closed_at"] is not None:
            raise _closed(lead_id, before["closed_at"])
        holds = _holds(before, now)
        same = all(before[name] == value for name, value in columns.items())
        if holds and same and (ends_at == before["ends_at"] or (request.days is None and request.until is None)):
            return _override(before, policy)
        return _append(warehouse, policy, before, columns | {"ends_at": ends_at}, now)


def release(
    warehouse: Warehouse, policy: Policy, lead_id: str, *, by: str, reason: str = "", now: datetime
) -> OverrideRecord | None:
    """Leave the lead to the product again, whoever's word holds; where nobody's does, nothing is recorded: None.

    Raises:
        UnknownLead: there is no such lead.
        InputError: the name is missing, or makes no sense.
    """
    columns = {
        "author": _name(by),
        "reason": _reason(reason) if reason.strip() else "",
        "cluster": None,
        "ends_at": None,
    }
    with warehouse.unit_of_work():
        before = _before(warehouse, lead_id, now)
        return _append(warehouse, policy, before, columns, now) if _holds(before, now) else None


def active_overrides(warehouse: Warehouse, policy: Policy, now: datetime) -> list[OverrideRecord]:
    """All words that hold at `now` (aware), those that end first in front."""
    return [_override(row, policy) for row in warehouse.rows(statement("overrides/active"), {"as_of": now})]


def _append(warehouse: Warehouse, policy: Policy, before: Row, columns: Row, now: datetime) -> OverrideRecord:
    sequence = (before["sequence"] or 0) + 1
    row = {"lead_id": before["lead_id"], "sequence": sequence, "set_at": now, **columns}
    warehouse.append("overrides", [row | {"event_id": _event_id(row)}])
    return _override(row, policy, overrules=before["author"] if _holds(before, now) else None)


def _event_id(row: Row) -> str:
    """The same for a word that is delivered twice, also at the same moment: which word it follows is part of it."""
    ends_at = row["ends_at"]
    parts = (row["lead_id"], row["sequence"], row["cluster"], row["author"], row["reason"])
    identity = "\x1f".join(map(str, (*parts, ends_at and ends_at.isoformat())))
    return hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32]


def _before(warehouse: Warehouse, lead_id: str, now: datetime) -> Row:
    """The row of overrides/latest."""
    rows = warehouse.rows(statement("overrides/latest"), {"lead_id": lead_id, "as_of": now})
    if not rows:
        raise UnknownLead(
            f"Lead {lead_id[:LONGEST_NAME]} is not known.",
            field="lead_id",
            value=lead_id[:LONGEST_NAME],
            remedy="Use an id of the list; a new lead is known once it is ingested.",
        )
    return rows[0]


def _holds(before: Row, now: datetime) -> bool:
    return before["cluster"] is not None and now < before["ends_at"]


def _override(row: Row, policy: Policy, overrules: str | None = None) -> OverrideRecord:
    shared_columns = {name: row[name] for name in ("lead_id", "cluster", "reason", "set_at", "ends_at")}
    until = last_day(row["ends_at"], policy) if row["ends_at"] else None
    return OverrideRecord(**shared_columns, by=row["author"], until=until, overrules=overrules)


def _cluster(cluster: str) -> str:
    if cluster not in CLUSTERS:
        remedy = f"Use one of {', '.join(CLUSTERS)}, or release the lead."
        raise InputError(
            f"{cluster[:60]!r} is no cluster that can be set.", field="cluster", value=cluster[:60], remedy=remedy
        )
    return cluster


def _name(author: str) -> str:
    return _text("by", author, LONGEST_NAME, "Say who decides that: a short name.")


def _reason(reason: str) -> str:
    return _text("reason", reason, LONGEST_REASON, "Say why, in a sentence: sellers read it with the lead.")


def _text(field: str, value: str, longest: int, remedy: str) -> str:
    text = " ".join(value.split())
    if not text or len(text) > longest or not text.isprintable():
        wrong = (
            "is empty" if not text else f"has more than {longest} characters" if len(text) > longest else "is no text"
        )
        raise InputError(f"`{field}` {wrong}.", field=field, value=value[:60], remedy=remedy)
    return text


def _end(policy: Policy, now: datetime, days: int | None, until: date | None) -> datetime:
    today = day_of(policy, now)
    if days is not None and until is not None:
        raise InputError("An override has one end.", field="until", value=str(until), remedy="Name days, or until.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        remedy = f"Name 1 to {LONGEST_DAYS} days; whoever still thinks so then says it again."
        raise InputError(f"An override cannot hold for {days} days.", field="days", value=days, remedy=remedy)
    last = until or today + timedelta(days=days or DAYS)
    if last < today:
        raise InputError(f"{last} is over.", field="until", value=str(last), remedy="Name today or a later day.")
    if last > today + timedelta(days=LONGEST_DAYS):
        remedy = f"Name a day within {LONGEST_DAYS} days; whoever still thinks so then says it again."
        raise InputError(f"{last} is too far away.", field="until", value=str(last), remedy=remedy)
    return end_of(last, policy)


def _closed(lead_id: str, at: datetime) -> InputError:
    return InputError(
        f"Lead {lead_id} was closed in the CRM on {at:%Y-%m-%d}: nobody calls it.",
        field="lead_id",
        value=lead_id,
        remedy="Open a new case in the CRM if the customer has come back.",
    )
