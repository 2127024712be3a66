"""A page of BOMA's cases: each case is decoded by itself, so that one which cannot be read costs only itself."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from leadwerk.crm.case_page import BadRow, Case, CasePage, GoneRecord, Touchpoint
from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.lead.lead import parse_id
from leadwerk.texts.message import Message

# A longer text stands in the wrong field.
LONGEST_ID = 500
# Python's own limit for reading a whole number.
MOST_DIGITS = 4300

Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]


class BomaPage(msgspec.Struct, frozen=True):
    """Some cases, not decoded yet, and the cursor behind them."""

    cases: list[msgspec.Raw]
    next_cursor: str
    more: bool

    def read(self) -> CasePage:
        """The cases, and what could not be read."""
        return _read_cases(self)


class _Identified(msgspec.Struct, frozen=True):
    event_id: Any = None


class _Touchpoint(msgspec.Struct, frozen=True):
    event_id: Text
    kind: Text
    occurred_at: Aware


class _Case(msgspec.Struct, frozen=True):
    event_id: Text
    changed_at: Aware
    lead: dict[str, Any]
    status: Text
    reason: str | None = None
    amount: float | str | None = None
    touchpoints: list[msgspec.Raw] = msgspec.field(default_factory=list)
    status_changed: bool = True
    record: Literal["deleted", "merged"] | None = None
    merged_into: Text | None = None

    def gone_records(self) -> GoneRecord:
        """The lead as a record that is gone."""
        lead_id = parse_id(self.lead.get("lead_id", ""))
        if (self.record == "merged") != (self.merged_into is not None) or not lead_id:
            raise msgspec.ValidationError("A merged lead needs merged_into, a gone one its lead_id - at `$.record`")
        return GoneRecord(lead_id, self.changed_at, self.merged_into)

    def case(self, touchpoints: tuple[Touchpoint, ...]) -> Case:
        """The lead as a case."""
        return Case(
            self.event_id, self.changed_at, self.lead, self.status, self.reason, self.amount, touchpoints,
            self.status_changed,
        )  # fmt: skip


def read_page(body: bytes) -> BomaPage:
    """The page in an answer of BOMA.

    Raises:
        msgspec.ValidationError: it has another form than agreed.
        ValueError, RecursionError: it is not JSON.
    """
    # Cases are not decoded here, but a page in another encoding is no page.
    body.decode()
    try:
        return msgspec.json.decode(body, type=BomaPage)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(_loosely(body), BomaPage)


def _loosely(body: bytes) -> Any:
    """JSON whose texts hold half a surrogate pair: RFC 8259 (§8.2) leaves it to the reader what that is; here a "?"."""
    page = json.loads(body, parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else digits)
    if not isinstance(page, dict) or not isinstance(page.get("cases"), list):
        return page
    cases = [json.dumps(case, ensure_ascii=False).encode(errors="replace") for case in page["cases"]]
    return page | {"cases": [msgspec.Raw(case) for case in cases]}


def _read_cases(page: BomaPage) -> CasePage:
    cases: list[Case] = []
    gone_records: list[GoneRecord] = []
    bad: list[BadRow] = []
    for raw in page.cases:
        try:
            case = msgspec.json.decode(raw, type=_Case)
            if case.record is not None:
                gone_records.append(case.gone_records())
                continue
        except (*UNREADABLE_JSON, InputError) as error:
            bad.append(_bad_row(raw, error))
            continue
        touchpoints, bad_touchpoints = _read_touchpoints(case)
        bad += bad_touchpoints
        cases.append(case.case(touchpoints))
    return CasePage(tuple(cases), tuple(bad), page.next_cursor, gone_records=tuple(gone_records))


def _read_touchpoints(case: _Case) -> tuple[tuple[Touchpoint, ...], list[BadRow]]:
    good: list[Touchpoint] = []
    bad: list[BadRow] = []
    for raw in case.touchpoints:
        try:
            touchpoint = msgspec.json.decode(raw, type=_Touchpoint)
        except UNREADABLE_JSON as error:
            bad.append(_bad_row(raw, error, within=case.event_id))
        else:
            good.append(Touchpoint(touchpoint.event_id, touchpoint.kind, touchpoint.occurred_at))
    return tuple(good), bad


def _bad_row(raw: msgspec.Raw, error: Exception, within: str = "") -> BadRow:
    what, _, where = str(error).partition(" - at `$.")
    row = "/".join(filter(None, (within, _event_id(raw) or _fingerprint(raw))))
    return BadRow(row, where.rstrip("`") or None, Message("reject.crm_form", problem=what))


def _event_id(raw: msgspec.Raw) -> str:
    """The id of a row that is not in the agreed form, empty if it has none."""
    try:
        event_id = msgspec.json.decode(raw, type=_Identified).event_id
    except UNREADABLE_JSON:
        return ""
    return str(event_id)[:LONGEST_ID] if isinstance(event_id, str | int) else ""


def _fingerprint(raw: msgspec.Raw) -> str:
    # What has no id is recognised by its content, which may name a person and is not stored.
    return hashlib.sha256(raw).hexdigest()[:16]
