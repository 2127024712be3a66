"""Form rows: what storing a form adds to `leads` and `identities`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from leadwerk.lead.lead import identity_rows
from leadwerk.lead.submitted_form import SubmittedForm
from leadwerk.pipeline.leads.read_lead_states import StoredLeadState
from leadwerk.policy.model import Policy
from leadwerk.warehouse.records import IdentityRow, LeadAttribute, LeadRow

IDENTITY = ("event_id", "recorded_at", "stored_at")
"""Columns of a version that are not part of its content."""


class FormRows(Struct, frozen=True, kw_only=True):
    """The lead's new version, None if the form says nothing new, and the links to its visitor."""

    version: LeadRow | None
    links: tuple[IdentityRow, ...]


def form_rows(submitted: SubmittedForm, state: StoredLeadState, policy: Policy) -> FormRows:
    """The rows of a form: the stored version with the fields of the form. `lead_states/select` merges in the same way.

    The same form sent again adds nothing.
    """
    stored, now = state.stored_version, state.as_of
    version = _version(submitted, stored, now)
    return FormRows(
        version=None if stored is not None and _content(version) == _content(stored) else version,
        links=() if state.is_linked else _links(submitted, version, policy, now),
    )


def _version(submitted: SubmittedForm, stored: LeadRow | None, now: datetime) -> LeadRow:
    form_values = {
        name: value for name, value in asdict(submitted).items() if value is not None and name in LEAD_COLUMNS
    }
    merged = {**_stored_values(submitted, stored, now), **form_values, "recorded_at": now, "stored_at": None}
    merged["attributes"] = _attributes(submitted, stored)
    unnamed = LeadRow(**merged, event_id="")
    return replace(unnamed, event_id=_event_id(unnamed, stored))


def _stored_values(submitted: SubmittedForm, stored: LeadRow | None, now: datetime) -> dict[str, Any]:
    """What holds where the form says nothing."""
    if stored is None:
        return {"created_at": now, "web_consent": False, "account_id": submitted.account_domain}
    stored_values = {name: value for name, value in asdict(stored).items() if name != "event_id"}
    return {**stored_values, "account_id": stored.account_id or submitted.account_domain}


LEAD_COLUMNS = frozenset(LeadRow.__struct_fields__) - {"attributes"}


def _attributes(submitted: SubmittedForm, stored: LeadRow | None) -> tuple[LeadAttribute, ...]:
    form_attributes = [
        LeadAttribute(name=item.name, text=item.text, number=item.number) for item in submitted.attributes
    ]
    by_name = {item.name: item for item in (*(stored.attributes if stored else ()), *form_attributes)}
    return tuple(by_name[name] for name in sorted(by_name, key=str))


def _content(version: LeadRow) -> Mapping[str, Any]:
    columns = {name: value for name, value in asdict(version).items() if name not in IDENTITY}
    return {**columns, "attributes": sorted(version.attributes, key=lambda item: str(item.name))}


def _event_id(version: LeadRow, stored: LeadRow | None) -> str:
    """Hash of the content and of the preceding version: contents A, then B, then A again are three versions."""
    # Deterministic: the order of fields in the request must not make another version of it.
    content = msgspec.json.encode([_content(version), stored and stored.event_id], order="deterministic")
    return f"form:{hashlib.sha256(content).hexdigest()[:32]}"


def _links(submitted: SubmittedForm, version: LeadRow, policy: Policy, now: datetime) -> tuple[IdentityRow, ...]:
    complete = {
        "lead_id": version.lead_id,
        "created_at": version.created_at,
        "web_consent": version.web_consent,
        "ga_client_id": submitted.visitor_id,
    }
    rows, _ = identity_rows(complete, policy=policy, recorded_at=now)
    return tuple(msgspec.convert(row, IdentityRow) for row in rows)
