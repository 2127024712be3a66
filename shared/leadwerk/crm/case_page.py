"""A page of what changed in a CRM: cases, records that are gone, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

StageKind = Literal["open", "won", "lost"]
RecordState = Literal["deleted", "merged"]


@dataclass(frozen=True)
class Touchpoint:
    """A contact with the lead that is not on the web site, at `occurred_at` (aware)."""

    event_id: str
    kind: str
    occurred_at: datetime


@dataclass(frozen=True)
class Activity:
    """A contact that the CRM lists apart from its leads, such as a call; `changed_at` (aware) is the record's stamp."""

    lead_id: str
    touchpoint: Touchpoint
    changed_at: datetime


@dataclass(frozen=True)
class Case:
    """One change of a case: the lead as it was then (raw, in the CRM's words) and the status it got.

    `changed_at` (aware) is when the CRM recorded the change, `event_id` is unique to it. Where something else than the
    status changed, such as a touchpoint that came, `status_changed` is False. `kind` is what the CRM itself says of the
    status; it decides where the policy does not name the status. The lead's field `unsubscribed` says, where the CRM
    does, whether the person wants no campaign mails. `is_past`: a step that the case has passed. What the lead was then
    is not known, so `lead` carries its id only, and the status alone is stored.
    """

    event_id: str
    changed_at: datetime
    lead: Mapping[str, Any]
    status: str
    reason: str | None = None
    amount: float | str | None = None
    touchpoints: tuple[Touchpoint, ...] = ()
    status_changed: bool = True
    kind: StageKind | None = None
    is_past: bool = False


@dataclass(frozen=True)
class GoneRecord:
    """A lead whose record the CRM no longer has: deleted, or merged into `merged_into`.

    `changed_at` (aware) is when; None where the CRM does not say, so that it counts from when it is read. A record that
    was restored needs no such thing: it comes again as a case.
    """

    lead_id: str
    changed_at: datetime | None = None
    merged_into: str | None = None

    @property
    def state(self) -> RecordState:
        """What became of it."""
        return "merged" if self.merged_into else "deleted"


@dataclass(frozen=True)
class BadRow:
    """Something the CRM sent that is not in its own format: where (`row`), what (`field`), and why."""

    row: str
    field: str | None
    reason: str


@dataclass(frozen=True)
class Unread:
    """An object that the CRM refuses to show: what it `costs`, what reading it `needs`, and the CRM's `reason`."""

    name: str
    costs: str
    needs: str
    reason: str


@dataclass(frozen=True)
class CasePage:
    """Some cases, what could not be read among them, the cursor behind them, records that are gone, and activities.

    `complete_until`: changes up to this moment were all seen; later ones may still surface before it. None: up to the
    cursor. `unread`: what the credentials may not read, as far as the run knows.
    """

    cases: tuple[Case, ...]
    bad: tuple[BadRow, ...]
    cursor: str
    complete_until: datetime | None = None
    gone_records: tuple[GoneRecord, ...] = ()
    activities: tuple[Activity, ...] = ()
    unread: tuple[Unread, ...] = ()
