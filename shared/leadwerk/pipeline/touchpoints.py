"""Touchpoints from outside the CRM: a fair's list of visitors, e-mail opens and clicks, calls, a calculator's log.

They come by HTTP or from a file.

A touchpoint names its lead by id, or by the person's e-mail address or telephone number, used and forgotten. Of
a person with several leads the one created last gets it: one contact is counted once. The same touchpoint sent twice is
stored once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.catalogue.features import AMOUNTS, MONTHS_A_YEAR
from leadwerk.errors import InputError
from leadwerk.lead.amount import parse_amount
from leadwerk.lead.attribute import plain_text
from leadwerk.lead.contact import parse_email, parse_phone
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.identity import person_key as pseudonym
from leadwerk.lead.lead import CLOCK_TOLERANCE, EARLIEST, NAMES, parse_id
from leadwerk.lead.mail_scan import SCAN, MailClick, scans
from leadwerk.lead.timestamps import parse_moment
from leadwerk.lead.unreadable import Unreadable
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import TouchpointRow
from leadwerk.warehouse.statement import statement

TITLES: Mapping[str, tuple[str, ...]] = {
    "event_id": ("event_id", "message_id"),
    "lead_id": ("lead_id", "id", "lead", "lead_nr", "lead-nr", "lead number", "record id"),
    "email": ("email", "e-mail", "mail", "e-mail-adresse", "email address", "adresse e-mail", "courriel"),
    "phone": ("phone", "telephone", "telefon", "mobile", "mobil", "téléphone", "telefono", "tel"),
    "kind": ("kind", "type", "event", "touchpoint", "art", "typ", "genre", "tipo"),
    "occurred_at": ("occurred_at", "time", "date", "timestamp", "datum", "zeit", "data", "ora", "heure"),
    "delivered_at": ("delivered_at", "sent_at", "delivered", "zugestellt", "gesendet"),
    "user_agent": ("user_agent", "user agent", "agent"),
    "link": ("link", "url"),
    "term_years": ("term_years", "term", "years", "laufzeit", "jahre", "durée", "années", "durata", "anni"),
    "interest_percent": ("interest_percent", "interest rate", "interest", "zinssatz", "zins", "taux", "tasso"),
}
"""What a field may be called; compared without case, white space and invisible characters.

Amounts have the titles that a lead's fields have (lead/form_field_names.py).
"""
CALCULATOR = "calculator"
"""Kind of a use of a calculator: its amounts are features, whether or not a signal counts it."""
LONGEST_KIND = 60
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


class RefusedTouchpoint(Struct, frozen=True, kw_only=True):
    """Why the touchpoint at `index` was not stored; no value of it is repeated."""

    index: int
    field: str
    reason: str
    remedy: str


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


@dataclass(frozen=True)
class _Touchpoint:
    """A touchpoint whose lead is not looked up yet."""

    index: int
    kind: str
    occurred_at: datetime
    event_id: str | None
    lead_id: str | None
    person_key: str | None
    amounts: Mapping[str, float]
    delivered_at: datetime | None = None
    user_agent: str = ""
    link: str = ""

    def click(self, row: TouchpointRow) -> MailClick:
        """The touchpoint as a click, of the lead of its row."""
        link = self.link or row.event_id
        return MailClick(row.lead_id, row.kind, row.occurred_at, link, self.delivered_at, self.user_agent)


@dataclass
class _Reader:
    """Reads touchpoints, and collects those that cannot be used."""

    policy: Policy
    now: datetime
    person_key: str
    refused: list[RefusedTouchpoint] = field(default_factory=list)

    def read(self, index: int, raw: object) -> _Touchpoint | None:
        try:
            if not isinstance(raw, Mapping):
                raise InputError("This is no touchpoint.", field="touchpoint", remedy="Send an object with its fields.")
            return self._read(index, raw)
        except InputError as error:
            self.refuse(index, error.field or "touchpoint", error.message, error.remedy)
            return None

    def refuse(self, index: int, field: str, reason: str, remedy: str) -> None:
        self.refused.append(RefusedTouchpoint(index=index, field=field, reason=reason, remedy=remedy))

    def _read(self, index: int, raw: Mapping[str, Any]) -> _Touchpoint:
        values = {folded(name): value for name, value in raw.items()}

        def read(name: str, parse: Callable[[Any], Any]) -> Any:
            value = next((v for title in TITLES[name] if not _is_blank(v := values.get(folded(title)))), None)
            if isinstance(value, Unreadable):
                raise InputError(f"The {name} {value.reason}.", field=name, remedy="Send it as UTF-8 and finite.")
            try:
                return None if value is None else parse(value)
            except InputError as error:
                raise InputError(f"The {name} cannot be read.", field=name, remedy=error.remedy) from error

        lead_id, email = read("lead_id", parse_id), read("email", parse_email)
        phone = read("phone", lambda value: parse_phone(value, self.policy.country))
        person = pseudonym(email, phone, self.person_key)
        if lead_id is None and person is None:
            remedy = "Send lead_id, or the email or phone of a lead."
            raise InputError("The touchpoint names no lead.", field="lead_id", remedy=remedy)
        amounts = _amounts(raw)
        terms = read("interest_percent", _percent), read("term_years", parse_amount)
        amounts |= _instalment(amounts, *terms)
        kind = read("kind", _kind) or (CALCULATOR if amounts else None)
        if kind == CALCULATOR and not amounts:
            remedy = "Send loan_amount, property_value, income or instalment."
            raise InputError("The use of the calculator names no amount.", field="loan_amount", remedy=remedy)
        if kind is None:
            raise InputError("The kind is missing.", field="kind", remedy="Send kind, such as email_click or event.")
        occurred_at = read("occurred_at", self._moment) or self.now
        return _Touchpoint(
            index, kind, occurred_at, read("event_id", parse_id), lead_id, person, amounts,
            read("delivered_at", self._moment), read("user_agent", str) or "", read("link", str) or "",
        )  # fmt: skip

    def _moment(self, value: object) -> datetime:
        moment = parse_moment(value, self.policy.time_zone, "occurred_at")
        if not EARLIEST <= moment <= self.now + CLOCK_TOLERANCE:
            remedy = "Check the date order and the clock of the source."
            raise InputError("It lies in the future, or too long ago.", field="occurred_at", remedy=remedy)
        # A clock slightly ahead counts as now: a touchpoint of the future would be in no feature.
        return min(moment, self.now)


def run(
    warehouse: Warehouse, policy: Policy, touchpoints: Sequence[object], *, now: datetime, person_key: str
) -> TouchpointReport:
    """Store the touchpoints of leads that exist; `now` is aware. One without a time happened now."""
    reader = _Reader(policy, now, person_key)
    readable = [item for index, raw in enumerate(touchpoints) if (item := reader.read(index, raw)) is not None]
    with warehouse.unit_of_work():
        leads = _leads(warehouse, readable, now)
        rows: dict[str, TouchpointRow] = {}
        clicks: dict[str, MailClick] = {}
        for item in readable:
            lead_id = leads.get(item.lead_id or item.person_key or "")
            if lead_id is None:
                remedy = "Touchpoints are kept for leads only: let the lead come first, from a form or the CRM."
                reader.refuse(item.index, "lead_id" if item.lead_id else "email", "No such lead is known.", remedy)
                continue
            row = _row(item, lead_id, now)
            # By id: a touchpoint sent twice in one call is stored once.
            rows[row.event_id] = row
            clicks[row.event_id] = item.click(row)
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


def _leads(warehouse: Warehouse, touchpoints: Sequence[_Touchpoint], now: datetime) -> dict[str, str]:
    """The lead of each lead id and of each person, who stands for the lead created last."""
    lead_ids = sorted({item.lead_id for item in touchpoints if item.lead_id})
    persons = sorted({item.person_key for item in touchpoints if item.person_key and not item.lead_id})
    parameters = {"lead_ids": lead_ids, "person_keys": persons, "as_of": now}
    rows = warehouse.rows(statement("leads/of_persons", LeadOfPerson), parameters)
    by_person = {row.person_key: row.lead_id for row in rows if row.person_key in set(persons)}
    return {**by_person, **{row.lead_id: row.lead_id for row in rows if row.lead_id in set(lead_ids)}}


def _row(item: _Touchpoint, lead_id: str, now: datetime) -> TouchpointRow:
    occurred_at = item.occurred_at.astimezone(UTC)
    # Without an id of the source, the same kind at the same second is the same touchpoint.
    amounts = [f"{name}={amount!r}" for name, amount in sorted(item.amounts.items())]
    identity = item.event_id or "\x1f".join((lead_id, item.kind, _to_the_second(occurred_at).isoformat(), *amounts))
    return TouchpointRow(
        event_id=item.event_id or hashlib.sha256(identity.encode()).hexdigest()[:_ID_DIGITS],
        lead_id=lead_id,
        day=occurred_at.date(),
        occurred_at=occurred_at,
        recorded_at=now.astimezone(UTC),
        kind=item.kind,
        **item.amounts,
    )


def _to_the_second(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond)


def _kind(value: object) -> str:
    text = str(plain_text(value)).strip()
    if len(text) > LONGEST_KIND:
        raise InputError("It is too long.", field="kind", remedy=f"Send at most {LONGEST_KIND} characters.")
    return text


def _amounts(raw: Mapping[str, Any]) -> dict[str, float]:
    """The amounts that a record states, by AMOUNTS.

    Raises:
        InputError: one cannot be read, or is not above 0.
    """
    fields = {name: amount for amount in AMOUNTS for name in NAMES[amount]}
    stated = {fields[field_of(title) or ""]: raw[title] for title in raw if field_of(title) in fields}
    return {name: _amount(name, value) for name, value in stated.items() if not _is_blank(value)}


def _amount(name: str, value: object) -> float:
    try:
        amount = parse_amount(value, name)
    except InputError as error:
        raise InputError(f"The {name} cannot be read.", field=name, remedy=error.remedy) from error
    if amount <= 0:
        raise InputError(f"The {name} is not above 0.", field=name, remedy="Send the amount, or leave it out.")
    return amount


def _percent(value: object) -> float:
    """An interest rate in percent: "1.5 %" and 1.5 are the same."""
    number = parse_amount(value, "interest_percent")
    return number * 100 if isinstance(value, str) and "%" in value else number


def _instalment(amounts: Mapping[str, float], percent: float | None, years: float | None) -> dict[str, float]:
    """The monthly instalment of a loan by its terms, as an annuity; empty where it is stated, or a term is missing.

    >>> _instalment({"loan_amount": 100_000.0}, 0.0, 10), _instalment({"loan_amount": 100_000.0}, 6.0, 30)
    ({'instalment': 833.33}, {'instalment': 599.55})

    Raises:
        InputError: the term or the rate is out of range.
    """
    loan = amounts.get("loan_amount")
    if loan is None or percent is None or years is None or "instalment" in amounts:
        return {}
    for name, value, least in (("term_years", years, 1 / MONTHS_A_YEAR), ("interest_percent", percent, 0.0)):
        if not least <= value <= 100:
            raise InputError(f"The {name} is out of range.", field=name, remedy="Send years, and percent a year.")
    months, rate = years * MONTHS_A_YEAR, percent / 100 / MONTHS_A_YEAR
    monthly = loan * rate / (1 - (1 + rate) ** -months) if rate else loan / months
    return {"instalment": round(monthly, 2)}


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
