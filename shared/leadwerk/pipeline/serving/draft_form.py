"""Draft form: a form in a request as a lead version, and the features it leads to before anything is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from leadwerk.catalogue.periods import SECONDS_A_DAY, WINDOWS_DAYS
from leadwerk.errors import InputError
from leadwerk.lead.lead import identity_rows, lead_version
from leadwerk.lead.rejection import Rejection
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Row

COPIED = (
    "loan_amount", "property_value", "income", "instalment", "employees", "revenue", "language", "country", "region",
    "email_domain_kind", "channel", "industry", "job_title", "account_id",
)  # fmt: skip
"""Columns of `leads` that lead_features/select yields as they are."""

COUNTED = ("sessions", "page_views", "seconds", "active_days")
MONTHS_A_YEAR = 12
IDENTITY = ("event_id", "recorded_at")
"""Columns that identify a version and are not part of its content."""


@dataclass(frozen=True)
class DraftForm:
    """A form as the newest version of its lead: `version` is a row of `leads`, `links` are rows of `identities`.

    `new`: whether its content differs from the stored version; `rejections`: values that cannot be read.
    """

    version: Row
    links: list[Row]
    new: bool
    rejections: list[Rejection]


def read_form(
    raw: Mapping[str, Any], stored: Row | None, *, policy: Policy, now: datetime, person_key: str
) -> DraftForm:
    """The form in `raw` (with lead_id and ga_client_id) merged into the `stored` version (row of leads/latest).

    Fields missing in the form keep their stored value. Sending the same form again makes no new version.

    Raises:
        InputError: the lead has no usable id, or created_at lies in the future.
    """
    since = (stored or {}).get("created_at", now)
    # company_id is tried last, so an e-mail address in the form does not move a lead to another account; an id does.
    defaults = {"web_consent": (stored or {}).get("web_consent"), "company_id": (stored or {}).get("account_id")}
    complete = {**defaults, **raw, "created_at": raw.get("created_at") or since}
    version, rejections = lead_version(complete, policy=policy, recorded_at=now, event_id="", person_key=person_key)
    if version is None:
        raise _refusal(rejections[-1])
    links, wrong_links = identity_rows(complete, policy=policy, recorded_at=now)
    merged = _merge(version, stored) if stored else version
    merged["event_id"] = _event_id(merged, stored)
    return DraftForm(merged, links, stored is None or _content(merged) != _content(stored), [*rejections, *wrong_links])


def overlay(row: Row, form: DraftForm, *, policy: Policy, as_of: datetime) -> Row:
    """Features (`row` of lead_features, empty for a new lead) as they will be once the form is stored.

    For a dry run, in which nothing may be stored. Equal to the later query, except for a visitor who joins other
    visitors of the same lead: their behaviour is not summed.
    """
    version, born = form.version, row.get("created_at") or form.version["created_at"]
    features = _behaviour(row, form, policy)
    features |= {name: version[name] for name in COPIED if version[name] is not None}
    features |= {f"attribute_{attribute['name']}": _value(attribute) for attribute in version["attributes"]}
    created = born.astimezone(ZoneInfo(policy.time_zone))
    return features | {
        "lead_id": version["lead_id"],
        "as_of": as_of,
        "created_at": born,
        "lead_age_days": int((as_of - born).total_seconds()) / SECONDS_A_DAY,
        "created_hour": created.hour,
        "created_weekday": created.isoweekday(),
        "loan_to_value": _ratio(features.get("loan_amount"), features.get("property_value")),
        "instalment_to_income": _ratio(_yearly(features.get("instalment")), features.get("income")),
    }


def _refusal(rejection: Rejection) -> InputError:
    return InputError(rejection.reason, field=f"form.{rejection.field}", value=rejection.value, remedy=rejection.remedy)


def _merge(version: Row, stored: Row) -> Row:
    filled = {name: stored.get(name) if value is None else value for name, value in version.items()}
    attributes = {
        attribute["name"]: attribute for attribute in (*(stored.get("attributes") or ()), *version["attributes"])
    }
    return {**filled, "attributes": [attributes[name] for name in sorted(attributes)]}


def _content(version: Row) -> Row:
    return {
        **{name: value for name, value in version.items() if name not in IDENTITY},
        "attributes": sorted((version.get("attributes") or ()), key=lambda attribute: str(attribute["name"])),
    }


def _event_id(version: Row, stored: Row | None) -> str:
    """Hash of the content and of the preceding version: contents A, then B, then A again are three versions."""
    content = msgspec.json.encode([_content(version), (stored or {}).get("event_id")], order="deterministic")
    return f"form:{hashlib.sha256(content).hexdigest()[:32]}"


def _behaviour(row: Row, form: DraftForm, policy: Policy) -> Row:
    """The row with its behaviour features: none without consent, zeros for a visitor without events."""
    if not form.version["web_consent"]:
        contacts = tuple(f"{signal.name}_" for signal in policy.signals if signal.touchpoint)
        return {**{name: value for name, value in row.items() if name.startswith(contacts)}, "has_web_behaviour": 0}
    if not form.links or row.get("has_web_behaviour"):
        return dict(row)
    counted = ["calculator_uses_90d", *(f"{what}_{days}d" for what in COUNTED for days in WINDOWS_DAYS)]
    counted += [
        f"{s.name}_{what}_{days}d" for s in policy.signals for what in ("events", "seconds") for days in WINDOWS_DAYS
    ]
    return {**row, **{name: 0 for name in counted if row.get(name) is None}, "has_web_behaviour": 1}


def _value(attribute: Row) -> Any:
    return attribute["text"] if attribute["number"] is None else attribute["number"]


def _yearly(monthly: float | None) -> float | None:
    return None if monthly is None else monthly * MONTHS_A_YEAR


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    return numerator / denominator if numerator is not None and denominator else None
