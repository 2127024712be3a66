"""Reading touchpoints of a file or request: titles in four languages, moments, kinds, a calculator's amounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import Struct

from leadwerk.catalogue.features import AMOUNTS, MONTHS_A_YEAR
from leadwerk.errors import InputError
from leadwerk.lead.amount import parse_amount
from leadwerk.lead.attribute import plain_text
from leadwerk.lead.contact import parse_email, parse_phone
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.identity import person_key as pseudonym
from leadwerk.lead.lead import CLOCK_TOLERANCE, EARLIEST, NAMES, parse_id
from leadwerk.lead.measure import parse_measure
from leadwerk.lead.rejection import Unreadable
from leadwerk.lead.timestamps import parse_moment
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message

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
_MONTHS = re.compile(r"\b(?:monate?n?|months?|mois|mes[ei])\b", re.IGNORECASE)


class RefusedTouchpoint(Struct, frozen=True, kw_only=True):
    """Why the touchpoint at `index` was not stored; no value of it is repeated."""

    index: int
    field: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class ReadTouchpoint:
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


@dataclass
class TouchpointReader:
    """Reads touchpoints, and collects those that cannot be used."""

    policy: Policy
    now: datetime
    person_key: str
    refused: list[RefusedTouchpoint] = field(default_factory=list)

    def read(self, index: int, raw: object) -> ReadTouchpoint | None:
        """The touchpoint; None where it cannot be used, which `refused` then holds."""
        try:
            if not isinstance(raw, Mapping):
                raise InputError(Message("reject.touchpoint"), field="touchpoint")
            return self._read(index, raw)
        except InputError as error:
            self.refuse(index, error.field or "touchpoint", *error.texts)
            return None

    def refuse(self, index: int, field: str, reason: str, remedy: str) -> None:
        """Add to `refused` why the touchpoint at `index` cannot be stored."""
        self.refused.append(RefusedTouchpoint(index=index, field=field, reason=reason, remedy=remedy))

    def _read(self, index: int, raw: Mapping[str, Any]) -> ReadTouchpoint:
        values = {folded(name): value for name, value in raw.items()}

        def read(name: str, parse: Callable[[Any], Any]) -> Any:
            value = next((v for title in TITLES[name] if not _is_blank(v := values.get(folded(title)))), None)
            if isinstance(value, Unreadable):
                raise InputError(Message("reject.unreadable", field=name, problem=value.reason), field=name)
            try:
                return None if value is None else parse(value)
            except InputError as error:
                raise _unreadable(name, error) from error

        lead_id, email = read("lead_id", parse_id), read("email", parse_email)
        phone = read("phone", lambda value: parse_phone(value, self.policy.country))
        person = pseudonym(email, phone, self.person_key)
        if lead_id is None and person is None:
            raise InputError(Message("reject.touchpoint.no_lead"), field="lead_id")
        amounts = _amounts(raw)
        terms = read("interest_percent", _percent), read("term_years", _years)
        amounts |= _instalment(amounts, *terms)
        kind = read("kind", _kind) or (CALCULATOR if amounts else None)
        if kind == CALCULATOR and not amounts:
            raise InputError(Message("reject.touchpoint.no_amount"), field="loan_amount")
        if kind is None:
            remedy = Message("reject.touchpoint.no_kind.remedy")
            raise InputError(Message("reject.missing", field="kind"), field="kind", remedy=remedy)
        occurred_at = read("occurred_at", self._moment) or self.now
        return ReadTouchpoint(
            index, kind, occurred_at, read("event_id", parse_id), lead_id, person, amounts,
            read("delivered_at", self._moment), read("user_agent", str) or "", read("link", str) or "",
        )  # fmt: skip

    def _moment(self, value: object) -> datetime:
        moment = parse_moment(value, self.policy.time_zone, "occurred_at")
        if not EARLIEST <= moment <= self.now + CLOCK_TOLERANCE:
            raise InputError(Message("reject.touchpoint.clock"), field="occurred_at")
        # A clock slightly ahead counts as now: a touchpoint of the future would be in no feature.
        return min(moment, self.now)


def _unreadable(field: str, error: InputError) -> InputError:
    """A refusal that repeats no value, which may be a person's; what to do is as `error` says."""
    return InputError(Message("reject.personal", field=field), field=field, remedy=error.texts[1])


def _kind(value: object) -> str:
    text = str(plain_text(value)).strip()
    if len(text) > LONGEST_KIND:
        raise InputError(Message("reject.touchpoint.long", most=LONGEST_KIND), field="kind")
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
        raise _unreadable(name, error) from error
    if amount <= 0:
        raise InputError(Message("reject.touchpoint.amount", field=name), field=name)
    return amount


def _percent(value: object) -> float:
    """An interest rate in percent: "1.5 %" and 1.5 are the same."""
    number = parse_amount(value, "interest_percent")
    return number * 100 if isinstance(value, str) and "%" in value else number


def _years(value: object) -> float:
    """A term in years: 10, "10 Jahre" and "120 months" are the same."""
    number = parse_measure(value, "term_years")
    return number / MONTHS_A_YEAR if isinstance(value, str) and _MONTHS.search(value) else number


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
            raise InputError(Message("reject.touchpoint.terms", field=name), field=name)
    months, rate = years * MONTHS_A_YEAR, percent / 100 / MONTHS_A_YEAR
    monthly = loan * rate / (1 - (1 + rate) ** -months) if rate else loan / months
    return {"instalment": round(monthly, 2)}


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
