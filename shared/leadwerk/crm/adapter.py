"""What an adapter inherits: an answer to everything that its CRM cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from leadwerk.crm.case_page import CasePage
from leadwerk.crm.optional_reads import OptionalObject, check_reading
from leadwerk.crm.port import (
    Capabilities,
    Check,
    CRMField,
    Enrolment,
    FieldPlan,
    Hint,
    LeadUpdate,
    Owner,
    PushResult,
    Refused,
    Task,
    WebhookRequest,
)
from leadwerk.errors import CRMRejected, InputError
from leadwerk.texts.message import Message

SendBatch = Callable[[Sequence[LeadUpdate]], Sequence[PushResult] | Refused]


class Adapter:
    """A CRM without limits, fields, changes, tasks or webhooks. An adapter overrides what its CRM has."""

    source = "none"
    capabilities = Capabilities()
    _budget: float | None = None

    def field_name(self, shows: str) -> str:
        """The CRM's name for a field that the policy does not name."""
        return f"leadwerk_{shows}"

    def check(self, fields: Sequence[CRMField]) -> Sequence[Check]:
        """The fields that are missing or of another type, and whether the optional objects may be read."""
        plan = self.ensure_fields(fields, dry_run=True)
        missing = f"missing: {', '.join(plan.missing)}" if plan.missing else ""
        wrong = f"of another type: {', '.join(plan.wrong_type)}" if plan.wrong_type else ""
        problem = "; ".join(filter(None, (missing, wrong)))
        remedy = "Run `leadwerk crm fields --create`; change a type in the CRM itself." if problem else ""
        objects = self.optional_objects()
        return [
            Check("fields", f"{len(fields)} fields", problem, remedy),
            *([check_reading(objects)] if objects else []),
        ]

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """What is read beside leads and deals, each with a call that reads as little of it as may be."""
        return ()

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """Nothing to create."""
        return FieldPlan()

    def budget(self) -> float | None:
        """Share of the day's calls that is left, by the last answer that stated it."""
        return self._budget

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """No changes."""
        return iter(())

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """Nothing to read again."""
        return CasePage((), (), "")

    def owners(self) -> Sequence[Owner]:
        """No users."""
        return ()

    def create_task(self, task: Task) -> str:
        """No tasks.

        Raises:
            CRMRejected: always.
        """
        raise CRMRejected(Message("refusal.crm.tasks"))

    def enrol(self, enrolment: Enrolment) -> None:
        """No tags.

        Raises:
            CRMRejected: always.
        """
        raise CRMRejected(Message("refusal.crm.tags"))

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """No webhooks.

        Raises:
            InputError: always.
        """
        raise InputError(Message("refusal.crm.webhooks"), field="webhook")


def user_number(owner: str) -> int:
    """The CRM's number of a user.

    Raises:
        CRMRejected: it is no number.
    """
    if not owner.isdigit():
        raise CRMRejected(Message("refusal.crm.user", owner=owner))
    return int(owner)


def bisected(updates: Sequence[LeadUpdate], send: SendBatch) -> list[PushResult]:
    """Results of a CRM that refuses a batch for one bad record: halves are sent until the bad record stands alone.

    One bad record among n costs about 2·log2(n) calls.
    """
    answer = send(updates)
    if not isinstance(answer, Refused):
        return list(answer)
    if len(updates) == 1:
        return [answer]
    # The halves in order: a lead's older update never overtakes its newer one.
    middle = len(updates) // 2
    return bisected(updates[:middle], send) + bisected(updates[middle:], send)
