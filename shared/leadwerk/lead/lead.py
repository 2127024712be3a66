"""Lead versions from forms and CRM records: usable fields are kept, the others are reported as rejections.

One wrong field costs that field, not the lead; only without lead_id or created_at there is no lead. E-mail address,
telephone number and name are used and forgotten: no row and no rejection holds them. A company is no person: of a
business address the domain is kept, as the id of the account that its contacts share, unless the CRM names one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from leadwerk.errors import InputError
from leadwerk.lead.amount import parse_amount, parse_count
from leadwerk.lead.attribute import LONGEST_TEXT, attribute_value, plain_text, shown_value
from leadwerk.lead.contact import business_domain, domain_kind, parse_email, parse_phone
from leadwerk.lead.identity import parse_visitor, person_key as pseudonym
from leadwerk.lead.language import parse_language
from leadwerk.lead.region import parse_canton, parse_country, parse_postcode, postcode_in, region_of
from leadwerk.lead.rejection import PERSONAL, Rejection, Unreadable
from leadwerk.lead.timestamps import parse_moment
from leadwerk.policy.folding import folded
from leadwerk.policy.text_classes import class_of
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute, Policy

LeadColumns = dict[str, Any]
"""Columns of `leads` or of a table beside it, as read from a form: the pipeline makes the tables' records of them."""

# What a field may be called in a form or CRM; the first name that holds something counts.
NAMES: Mapping[str, tuple[str, ...]] = {
    "lead_id": ("lead_id", "id"),
    "created_at": ("created_at",),
    "email": ("email", "e_mail"),
    "phone": ("phone", "telephone", "mobile"),
    "postcode": ("postcode", "plz", "zip", "postal_code"),
    "country": ("country",),
    "canton": ("canton", "kanton"),
    "address": ("address",),
    "language": ("language", "locale"),
    "channel": ("channel",),
    "loan_amount": ("loan_amount",),
    "property_value": ("property_value",),
    "income": ("yearly_income", "income"),
    "instalment": ("monthly_instalment", "instalment"),
    "ga_client_id": ("ga_client_id",),
    "web_consent": ("web_consent",),
    "account_id": ("account_id", "company_id"),
    "job_title": ("job_title",),
    "industry": ("industry",),
    "employees": ("employees",),
    "revenue": ("revenue",),
    "unsubscribed": ("unsubscribed",),
    "crm_owner": ("crm_owner",),
}
# Clocks differ: a lead from a moment ahead is one of now, one from further ahead is a mistake.
CLOCK_TOLERANCE = timedelta(minutes=5)
# A CRM records a form within the day.
FORM_DELAY = timedelta(days=1)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

_YES = frozenset(["true", "yes", "ja", "oui", "si", "sì", "1", "granted", "y", "j", "x", "on"])
_NO = frozenset(["false", "no", "nein", "non", "0", "denied", "n", "off"])


def lead_version(
    raw: Mapping[str, Any], *, policy: Policy, recorded_at: datetime, event_id: str, person_key: str
) -> tuple[LeadColumns | None, list[Rejection]]:
    """A row of `leads` (schema.json), and what was wrong with `raw`; no row if lead_id or created_at cannot be used.

    `recorded_at` (UTC) is when this version became known, `event_id` the change in its source; `person_key` is the
    secret that keys the hashes of persons. created_at without an offset is of the policy's time zone.
    """
    reader = FieldReader(raw, policy, recorded_at, person_key)
    lead_id, created_at = reader.read("lead_id", parse_id), reader.read("created_at", reader.moment)
    reader.require("lead_id", lead_id)
    reader.require("created_at", created_at)
    if lead_id is None or created_at is None:
        return None, reader.rejections
    row = {"event_id": event_id, "lead_id": lead_id, "recorded_at": recorded_at, "created_at": created_at}
    for group in FIELD_GROUPS:
        row |= group.read(reader)
    row |= {
        "unsubscribed": reader.read("unsubscribed", parse_consent),
        "crm_owner": reader.read("crm_owner", parse_id),
        "attributes": [item for attribute in policy.attributes for item in reader.attribute(attribute, created_at)],
    }
    return row, reader.rejections


def read_group(
    group: FieldGroup, raw: Mapping[str, Any], *, policy: Policy, person_key: str
) -> tuple[LeadColumns, list[Rejection]]:
    """The columns of `leads` that a group of fields fills, as `lead_version` fills them: for files, text by text."""
    reader = FieldReader(raw, policy, EARLIEST, person_key)
    return group.read(reader), reader.rejections


def identity_rows(
    raw: Mapping[str, Any], *, policy: Policy, recorded_at: datetime, source: str = "form"
) -> tuple[list[LeadColumns], list[Rejection]]:
    """Rows of `identities` for the client id(s) that came with the form; none without consent.

    A record of the lead's first day is the form itself, so the link was known at creation. An id in a later record may
    have come with that record: known from then on, so that no past moment is taught what it did not know.
    """
    reader = FieldReader(raw, policy, recorded_at, "")
    lead_id, created_at = reader.read("lead_id", parse_id), reader.read("created_at", reader.moment)
    if not reader.read("web_consent", parse_consent) or lead_id is None or created_at is None:
        return [], []  # lead_version says why
    reader.rejections.clear()
    linked_at = created_at if recorded_at - created_at <= FORM_DELAY else recorded_at
    client_id = reader.raw_value("ga_client_id")
    values = client_id if isinstance(client_id, (list, tuple)) else [client_id]
    visitors = [reader.value("ga_client_id", value, parse_visitor) for value in values if not _blank(value)]
    rows = [
        {"visitor_id": visitor, "lead_id": lead_id, "linked_at": linked_at, "source": source}
        for visitor in dict.fromkeys(visitors)
        if visitor is not None
    ]
    return rows, reader.rejections


class FieldReader:
    """Reads fields of one raw record and collects what cannot be read."""

    def __init__(self, raw: Mapping[str, Any], policy: Policy, recorded_at: datetime, person_key: str) -> None:
        self.raw, self.policy, self.recorded_at, self.person_key = raw, policy, recorded_at, person_key
        self.rejections: list[Rejection] = []

    def raw_value(self, field: str) -> Any:
        """The value of `field` under any of its names, however a form writes them, or None."""
        for name, title in _names_and_titles(field):
            value = self.raw[name] if name in self.raw else self.raw.get(self._titles.get(title, ""))
            if not _blank(value):
                # Tools for forms send a single choice as a list of one.
                return value[0] if isinstance(value, list) and len(value) == 1 else value
        return None

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {folded(title): title for title in reversed(list(self.raw))}

    def read(self, field: str, parse: Callable[[Any], Any]) -> Any:
        """The parsed value of `field`, None if the field is empty or wrong."""
        value = self.raw_value(field)
        return None if value is None else self.value(field, value, parse)

    def value(self, field: str, value: Any, parse: Callable[[Any], Any]) -> Any:
        try:
            if isinstance(value, Unreadable):
                message = Message("reject.unreadable", field=field, problem=value.reason)
                raise InputError(message, field=field, remedy=Message("reject.unreadable.remedy"))
            return parse(value)
        except InputError as error:
            quotable = None if field in PERSONAL or isinstance(value, Unreadable) else value
            reason, remedy = error.texts
            if field in PERSONAL:
                reason = Message("reject.personal", field=field)
            rejection = Rejection.of(field, quotable, reason, remedy)
            if rejection not in self.rejections:  # a field that an attribute is made of is read twice
                self.rejections.append(rejection)
            return None

    def require(self, field: str, value: Any) -> None:
        """Say that `field` is missing, unless it was already said to be wrong."""
        if value is None and not any(rejection.field == field for rejection in self.rejections):
            missing, remedy = Message("reject.missing", field=field), Message("reject.missing.remedy", field=field)
            self.rejections.append(Rejection.of(field, None, missing, remedy))

    def moment(self, value: Any) -> datetime:
        moment = parse_moment(value, self.policy.time_zone, "created_at")
        if not EARLIEST <= moment <= self.recorded_at + CLOCK_TOLERANCE:
            message = Message("reject.future" if moment > EARLIEST else "reject.past", value=shown_value(value))
            raise InputError(message, field="created_at", value=value, remedy=Message("reject.clock.remedy"))
        return min(moment, self.recorded_at)

    def place(self) -> LeadColumns:
        """Country, region and postcode, which explain each other."""
        country, postcode = self.read("country", parse_country), None
        home = None if self.raw_value("country") else self.policy.country
        parsed = self.read("postcode", lambda value: parse_postcode(value, country, home))
        if parsed is None and (in_address := postcode_in(self.raw_value("address") or "")):
            parsed = self.value("address", in_address, lambda value: parse_postcode(value, country, home))
        if parsed:
            country, postcode = parsed
        canton = self.read("canton", parse_canton) if country in (None, "CH") else None
        region = region_of(country, postcode) or canton
        return {"country": country or ("CH" if canton else None), "region": region, "postcode": postcode}

    def attribute(self, attribute: Attribute, created_at: datetime) -> Iterator[LeadColumns]:
        field = attribute.source or attribute.name
        number = attribute.kind == "number"
        value = self.read(field, lambda text: attribute_value(attribute, text, created_at, self.policy.time_zone))
        if value is not None and attribute.classes:
            # A dash or a question mark stands for an unknown value.
            value = class_of(attribute, value) if any(sign.isalnum() for sign in value) else None
        if value is not None:
            yield {"name": attribute.name, "text": None if number else value, "number": value if number else None}


@cache
def _names_and_titles(field: str) -> tuple[tuple[str, str], ...]:
    """Each name of a field, and the same as titles are compared."""
    return tuple((name, folded(name)) for name in NAMES.get(field) or (field,))


@dataclass(frozen=True)
class FieldGroup:
    """Fields of a form that explain each other, and the columns of `leads` they fill."""

    fields: tuple[str, ...]
    read: Callable[[FieldReader], LeadColumns]


def _single(column: str, parse: Callable[[Any], Any]) -> FieldGroup:
    return FieldGroup((column,), lambda reader: {column: reader.read(column, parse)})


def _person(reader: FieldReader) -> LeadColumns:
    """The person's pseudonym and company; the address itself is not kept."""
    email = reader.read("email", parse_email)
    country = reader.place()["country"] if reader.raw_value("phone") else None
    phone = reader.read("phone", lambda value: parse_phone(value, country or reader.policy.country))
    return {
        "email_domain_kind": domain_kind(email) if email else "invalid" if reader.raw_value("email") else None,
        "person_key": pseudonym(email, phone, reader.person_key),
        "account_id": reader.read("account_id", parse_id) or (business_domain(email) if email else None),
    }


def _blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        # NaN is how tables write a missing value.
        return value != value
    return value is None or (isinstance(value, (list, tuple, dict)) and not value)


def parse_id(value: Any) -> str:
    """The id of a lead or account, which may come as text or number: 102938, 102938.0 and " 102938 " are one lead.

    Raises:
        InputError: this is no id: of another type, too long, or with signs that cannot be seen.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    of_right_type = isinstance(value, (str, int)) and not isinstance(value, bool)
    if not of_right_type or len(text) > LONGEST_TEXT or not text.isprintable():
        message = Message("reject.id", value=shown_value(value))
        raise InputError(message, field="lead_id", value=value, remedy=Message("reject.id.remedy"))
    return text


def _positive(value: Any) -> float:
    amount = parse_amount(value)
    if amount < 0:
        message = Message("reject.negative", value=shown_value(value))
        raise InputError(message, field="amount", value=value, remedy=Message("reject.negative.remedy"))
    return amount


def parse_consent(value: Any) -> bool:
    answer = str(value).strip().casefold()
    if answer not in _YES | _NO:
        message = Message("reject.not_yes_no", value=shown_value(value))
        raise InputError(message, field="web_consent", value=value, remedy=Message("reject.consent.remedy"))
    return answer in _YES


FIELD_GROUPS = (
    FieldGroup(("web_consent",), lambda reader: {"web_consent": bool(reader.read("web_consent", parse_consent))}),
    _single("language", parse_language),
    FieldGroup(("country", "postcode", "canton", "address"), lambda reader: reader.place()),
    FieldGroup(("email", "phone", "country", "postcode", "account_id"), _person),
    _single("channel", plain_text),
    *(_single(name, _positive) for name in ("loan_amount", "property_value", "income", "instalment", "revenue")),
    _single("job_title", plain_text),
    _single("industry", plain_text),
    _single("employees", parse_count),
)
"""Every column of `leads` that fields of a form fill, but for the attributes."""
