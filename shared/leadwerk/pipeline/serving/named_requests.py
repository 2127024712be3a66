"""Named requests: the lead or visitor that each request names, and the fields of its form."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.errors import CODE_FAULTS, InputError, LeadwerkError, RecordFailure
from leadwerk.lead.identity import parse_visitor
from leadwerk.lead.lead import parse_id
from leadwerk.lead.submitted_form import SubmittedForm, counts_ages, read_submitted_form
from leadwerk.pipeline.serving.messages import ScoreRefusal, ScoreRequest
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import VISITOR
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import LeadRow
from leadwerk.warehouse.statement import statement

logger = logging.getLogger("leadwerk")

Result = TypeVar("Result")


class NamedRequest(Struct, frozen=True, kw_only=True):
    """A request at `index`, the lead or visitor that it names, and its form as read.

    `form` is empty where the request only links a visitor to a lead, and None where it says nothing of the lead.
    """

    index: int
    lead_id: str | None = None
    visitor_id: str | None = None
    form: dict[str, Any] | None = None
    submitted: SubmittedForm | None = None

    @property
    def state_id(self) -> str:
        """Lead id of the state to score."""
        return self.lead_id or f"{VISITOR}{self.visitor_id}"


class IdentityLink(Struct, frozen=True, kw_only=True):
    """A row of identities/links."""

    visitor_id: str
    lead_id: str
    linked_at: datetime


@dataclass(frozen=True)
class Refusals:
    """Requests that get an error, which costs the others nothing."""

    refusals: list[ScoreRefusal] = field(default_factory=list)

    def each(self, items: Sequence[NamedRequest], step: Callable[[NamedRequest], Result]) -> list[Result]:
        """The results of the items for which `step` succeeds; any other is refused, also for an unforeseen error."""
        results = []
        for item in items:
            try:
                results.append(step(item))
            except InputError as error:
                self._refuse(item, error)
            # One request that we did not foresee must not cost the others.
            except CODE_FAULTS as error:
                failure = RecordFailure.at(f"Request {item.index}", error)
                logger.error(failure.message, extra={"fields": {"event": "record_failed", "stage": "score"}})
                self._refuse(item, failure)
        return results

    def _refuse(self, item: NamedRequest, error: LeadwerkError) -> None:
        self.refusals.append(ScoreRefusal(item.index, item.lead_id, error))


def named_requests(requests: Sequence[ScoreRequest], refused: Refusals) -> list[NamedRequest]:
    """The requests with the ids that they or their forms state; one that names no lead is refused."""
    items = [NamedRequest(index=index) for index in range(len(requests))]
    return refused.each(items, lambda item: _named(item, requests[item.index]))


def _named(item: NamedRequest, request: ScoreRequest) -> NamedRequest:
    fields: Mapping[str, Any] = request.form or {}
    lead_id = fields.get("lead_id") if request.lead_id is None else request.lead_id
    visitor = fields.get("ga_client_id") if request.ga_client_id is None else request.ga_client_id
    lead = None if lead_id is None else str(lead_id).strip() or None
    if request.lead_id is None and lead:
        lead = parse_id(lead_id)
    visitor_id = None if visitor is None else parse_visitor(visitor)
    if not lead and (not visitor_id or request.form is not None):
        raise InputError(
            "The request names no lead to score.",
            field="lead_id",
            remedy="Send lead_id (required with a form), or the ga_client_id of a web visitor.",
        )
    # A lead and a visitor without a form are a link: an empty form stores that and changes no field.
    form = {} if request.form is None and lead and visitor_id else request.form
    return replace(item, lead_id=lead, visitor_id=visitor_id, form=form)


def with_leads(warehouse: Warehouse, items: Sequence[NamedRequest], now: datetime) -> list[NamedRequest]:
    """Replace visitors that are linked with a lead by that lead; the last link counts."""
    visitors = [item.visitor_id for item in items if item.lead_id is None]
    if not visitors:
        return list(items)
    links = warehouse.rows(statement("identities/links", IdentityLink), {"visitor_ids": visitors, "as_of": now})
    # Sorted, so that the last link of a visitor overwrites the earlier ones.
    latest = {link.visitor_id: link.lead_id for link in sorted(links, key=lambda link: link.linked_at)}
    return [item if item.lead_id else replace(item, lead_id=latest.get(item.visitor_id or "")) for item in items]


@dataclass(frozen=True)
class FormReader:
    """Reads the forms of a run, as of `now`."""

    warehouse: Warehouse
    policy: Policy
    now: datetime
    person_key: str

    def with_forms(self, items: Sequence[NamedRequest], refused: Refusals) -> list[NamedRequest]:
        """The requests with their forms as read; an unusable form is refused, and so are two of one lead."""
        forms = Counter(item.lead_id for item in items if item.form is not None)
        created = self._creation_times(items)

        def read(item: NamedRequest) -> NamedRequest:
            if item.form is None:
                return item
            _check_once(item, forms[item.lead_id])
            return replace(item, submitted=self._submitted(item, item.form, created.get(item.lead_id or "")))

        return refused.each(items, read)

    def _submitted(self, item: NamedRequest, form: Mapping[str, Any], created_at: datetime | None) -> SubmittedForm:
        raw = {**form, "lead_id": item.lead_id}
        submitted = read_submitted_form(
            raw, policy=self.policy, now=self.now, person_key=self.person_key, created_at=created_at
        )
        return replace(submitted, is_form=bool(form), visitor_id=item.visitor_id)

    def _creation_times(self, items: Sequence[NamedRequest]) -> dict[str, datetime]:
        """When the leads were created whose forms state dates and leave that out: only these cost a query."""
        leads = [item.lead_id for item in items if item.form and counts_ages(item.form, self.policy)]
        if not leads:
            return {}
        parameters = {"lead_ids": leads, "as_of": self.now}
        rows = self.warehouse.rows(statement("leads/latest", LeadRow), parameters)
        return {row.lead_id: row.created_at for row in rows}


def _check_once(item: NamedRequest, forms: int) -> None:
    if forms > 1:
        raise InputError(
            f"Lead {item.lead_id} has several forms in one request.",
            field="lead_id",
            value=item.lead_id,
            remedy="Send one form per lead.",
        )
