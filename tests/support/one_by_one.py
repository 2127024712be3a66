"""A CRM for tests that takes one score a call: `patch_lead` takes it, or raises what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from leadwerk.crm.case_page import CasePage
from leadwerk.crm.port import (
    Capabilities,
    Check,
    CRMField,
    Enrolment,
    FieldPlan,
    Gone,
    Hint,
    LeadUpdate,
    Owner,
    PushResult,
    Refused,
    Taken,
    Task,
    Unknown,
    WebhookRequest,
)
from leadwerk.errors import CRMRejected


class OneByOne:
    """Fields are called as what they show, and nothing changes in this CRM."""

    source = "scripted.cases"
    capabilities = Capabilities(idempotency_key=True, reports=frozenset({"stage_history"}))

    def field_name(self, shows: str) -> str:
        return shows

    def check(self, fields: Sequence[CRMField]) -> Sequence[Check]:
        return []

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        return FieldPlan()

    def owners(self) -> Sequence[Owner]:
        return ()

    def budget(self) -> float | None:
        return None

    def patch_lead(self, update: LeadUpdate) -> None:
        raise AssertionError("nothing is sent here")

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        return [self._push_one(update) for update in updates]

    def _push_one(self, update: LeadUpdate) -> PushResult:
        try:
            self.patch_lead(update)
        except CRMRejected as error:
            if error.locked_out:
                raise
            if error.status == 404:
                return Unknown(str(error))
            return Gone(text=str(error)) if error.status == 410 else Refused(str(error), status=error.status)
        return Taken()

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        return iter(())

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        return CasePage((), (), "")

    def enrol(self, enrolment: Enrolment) -> None:
        raise CRMRejected("This CRM has no tags.")

    def create_task(self, task: Task) -> str:
        return task.key

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        return []
