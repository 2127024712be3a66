"""The port to a CRM: shows scores on its leads, reads what changed there. No CRM's own format comes past it.

Every adapter passes the same contract tests (tests/crm/test_contract.py); docs/crm-adapter.md shows how to write one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from leadwerk.crm.case_page import CasePage

FieldValue = str | int | float | tuple[str, ...] | None
FieldType = Literal["number", "text", "list"]
WebhookProof = Literal["hmac", "basic", "secret_url", "none"]
Reported = Literal[
    "deletions", "merges", "unsubscribes", "stage_history", "past_stages", "touchpoints", "owners", "lost_reason"
]


@dataclass(frozen=True)
class Capabilities:
    """What a CRM can do, as far as it decides how to talk to it.

    `batch`: updates in one call; `batch_is_atomic`: one bad record fails them all, so the adapter bisects.
    `calls_at_once`: calls that may run side by side. `overlap`: how far before its cursor a read starts, because
    changes surface late.
    `reports`: `stage_history` comes change by change; `past_stages` are read beside the present state.
    `budget_floor`: share of the CRM's daily budget that is left to hot leads and to reading.
    """

    batch: int = 1
    batch_is_atomic: bool = False
    calls_at_once: int = 1
    overlap: timedelta = timedelta()
    cursor_step: timedelta = timedelta(microseconds=1)
    reports: frozenset[Reported] = frozenset()
    webhooks: WebhookProof = "none"
    idempotency_key: bool = False
    budget_floor: float = 0.0


_SORTED = msgspec.json.Encoder(order="sorted")


class LeadUpdate(msgspec.Struct, frozen=True, gc=False):
    """What the CRM shall show of a lead: CRM field → value; None empties the field.

    `record_id` is the CRM's record, the lead itself unless it was merged into another. A CRM may ignore a `key` that it
    has seen, so that a repeat does nothing twice.
    """

    key: str
    score_id: str
    lead_id: str
    fields: Mapping[str, FieldValue]
    record_id: str = ""

    @property
    def target(self) -> str:
        """The id of the record to write."""
        return self.record_id or self.lead_id

    @property
    def payload_hash(self) -> str:
        """Sixteen hexadecimal digits of what the lead shows; the order of fields does not matter."""
        # Keys sorted: the same fields in another order are the same payload, and are not sent again.
        return hashlib.sha256(_SORTED.encode(self.fields)).hexdigest()[:16]


@dataclass(frozen=True)
class Taken:
    """The CRM shows the update, on the record `record_id` where that is another than the update's own."""

    record_id: str | None = None


@dataclass(frozen=True)
class Unknown:
    """The CRM has no such record; it may get one, when a form was faster than the CRM."""

    text: str = ""


@dataclass(frozen=True)
class Later:
    """The CRM cannot take this record now, such as one that somebody edits; `after` in seconds where it says so."""

    after: float | None = None
    code: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Refused:
    """The CRM understood and refused: repeating does not help. `field` is the CRM's field at fault."""

    text: str
    code: str | None = None
    field: str | None = None
    status: int | None = None


@dataclass(frozen=True)
class Gone:
    """The record was deleted, or merged into `merged_into`; a score never brings it back."""

    merged_into: str | None = None
    text: str = ""


PushResult = Taken | Unknown | Later | Refused | Gone


@dataclass(frozen=True)
class CRMField:
    """A field that Leadwerk fills: its `name` in the CRM, and what it `shows` (a key of crm.fields.SHOWN)."""

    name: str
    shows: str
    type: FieldType
    label: str = ""


@dataclass(frozen=True)
class FieldPlan:
    """Fields that are missing in the CRM, those of another type, and those that were created."""

    missing: tuple[str, ...] = ()
    wrong_type: tuple[str, ...] = ()
    created: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One answer of a CRM about itself; `problem` is empty where all is well."""

    subject: str
    state: str
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Owner:
    """A user of the CRM who may own leads; `id` is what tasks and leads name. What a CRM does not state is None."""

    id: str
    name: str
    email: str | None = None
    team: str | None = None
    language: str | None = None
    is_active: bool = True


@dataclass(frozen=True)
class Task:
    """Something for a person to do about a lead; the same `key` twice is one task. `owner`: the CRM's id of a user."""

    key: str
    lead_id: str
    title: str
    due_at: datetime
    owner: str | None = None


@dataclass(frozen=True)
class Enrolment:
    """A lead that gets a tag, or enters a campaign's automation; the same one twice is one. `name` as in the CRM."""

    lead_id: str
    name: str
    kind: Literal["tag", "automation"] = "tag"


@dataclass(frozen=True)
class WebhookRequest:
    """A webhook as it came: `url` is our public address, not what a proxy made of it; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Hint:
    """A webhook's only use: which record to read again. It carries no data, so order and repeats do not matter."""

    record_id: str


class CRM(Protocol):
    """What every CRM can do for us."""

    @property
    def source(self) -> str:
        """Name of the list of cases, such as boma.cases: cursors and rejections are stored under it."""

    @property
    def capabilities(self) -> Capabilities:
        """What this CRM can do."""

    def field_name(self, shows: str) -> str:
        """The CRM's name for a field that the policy does not name."""

    def check(self, fields: Sequence[CRMField]) -> Sequence[Check]:
        """Access, fields, budget left and clock, as the CRM answers now."""

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """Create the missing fields (with `dry_run`: name them); the type of an existing one is never changed."""

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """Show scores on leads: exactly one result per update, in their order; at most `capabilities.batch` of them.

        Raises:
            CRMUnavailable: no answer, or one that says "later" to the whole call.
            CRMRejected: the CRM refuses access (`locked_out`).
        """

    def budget(self) -> float | None:
        """Share of the daily budget that is left, as of the last answer; None where the CRM has none."""

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """All changes since `cursor` (None: from the beginning), page by page, in the order of the CRM's recording.

        Changes may come twice and out of order. Raises as `push`, between two pages.
        """

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """The present state of these records, as a webhook hints at; its cursor is empty."""

    def owners(self) -> Sequence[Owner]:
        """The users who may own leads, those who left as well; none where the CRM tells none.

        Raises:
            CRMUnavailable, CRMRejected: the CRM cannot, or the credentials may not read users.
        """

    def create_task(self, task: Task) -> str:
        """Create a task, once per key; return the CRM's id of it.

        Raises:
            CRMUnavailable, CRMRejected: the CRM cannot, or has no tasks.
        """

    def enrol(self, enrolment: Enrolment) -> None:
        """Give a lead a tag, or let it enter an automation.

        Raises:
            CRMUnavailable, CRMRejected: the CRM cannot, has nothing of this name, or does not have the lead.
        """

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """The records that a webhook names, after its proof was verified; without I/O.

        Raises:
            InputError: the proof is missing, wrong or too old.
        """
