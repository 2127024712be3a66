"""Submitted form: its fields as read, not stored yet. A field that the form leaves out is None and keeps its value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.lead.lead import EARLIEST, FIELD_GROUPS, FieldReader, parse_consent, parse_id
from leadwerk.lead.rejection import Rejection
from leadwerk.policy.model import Policy


class FormAttribute(Struct, frozen=True, kw_only=True):
    """An attribute of the policy, as a text or a number."""

    name: str
    text: str | None = None
    number: float | None = None


class SubmittedForm(Struct, frozen=True, kw_only=True):
    """Columns of `leads` as a form states them, and its visitor.

    `is_form`: whether it makes a lead that is not known yet, which the bare link of a visitor does not.
    `account_domain`: account of a lead that has none, by the e-mail address. `rejections`: values that cannot be read.
    """

    lead_id: str
    is_form: bool
    visitor_id: str | None = None
    created_at: datetime | None = None
    web_consent: bool | None = None
    language: str | None = None
    country: str | None = None
    region: str | None = None
    postcode: str | None = None
    email_domain_kind: str | None = None
    person_key: str | None = None
    channel: str | None = None
    loan_amount: float | None = None
    property_value: float | None = None
    income: float | None = None
    instalment: float | None = None
    job_title: str | None = None
    industry: str | None = None
    employees: int | None = None
    revenue: float | None = None
    account_id: str | None = None
    account_domain: str | None = None
    attributes: tuple[FormAttribute, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def read_submitted_form(
    raw: Mapping[str, Any],
    *,
    policy: Policy,
    now: datetime,
    person_key: str,
    created_at: datetime | None = None,
) -> SubmittedForm:
    """Read a form with a lead_id, as of `now` (aware).

    `created_at`: of the stored lead, from which ages count if the form has no created_at; None for a new lead.

    Raises:
        InputError: the lead has no usable id, or created_at cannot be used.
    """
    reader = FieldReader(raw, policy, now, person_key)
    lead_id, created = reader.read("lead_id", parse_id), reader.read("created_at", reader.moment)
    reader.require("lead_id", lead_id)
    if lead_id is None or reader.rejections:
        raise _refusal(reader.rejections[-1])
    columns = {name: value for group in FIELD_GROUPS for name, value in group.read(reader).items()}
    stated_account = reader.read("account_id", parse_id)
    # An account that the form names outright counts more than what an e-mail address suggests.
    domain = None if stated_account else columns["account_id"]
    counted_from = created or created_at or now
    attributes = [item for attribute in policy.attributes for item in reader.attribute(attribute, counted_from)]
    stated = {"web_consent": reader.read("web_consent", parse_consent), "account_id": stated_account}
    return SubmittedForm(
        **columns | stated,
        lead_id=lead_id,
        is_form=True,
        created_at=created,
        account_domain=domain,
        attributes=tuple(FormAttribute(**attribute) for attribute in attributes),
        rejections=tuple(reader.rejections),
    )


def counts_ages(raw: Mapping[str, Any], policy: Policy) -> bool:
    """Whether a form states a date that counts from the lead's creation, and leaves out when that was."""
    reader = FieldReader(raw, policy, EARLIEST, "")
    dates = (attribute.source or attribute.name for attribute in policy.attributes if attribute.measure == "age_days")
    return reader.raw_value("created_at") is None and any(reader.raw_value(name) is not None for name in dates)


def _refusal(rejection: Rejection) -> InputError:
    return InputError(rejection.reason, field=f"form.{rejection.field}", value=rejection.value, remedy=rejection.remedy)
