"""Call list: the open leads with their newest scores and picks, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from leadwerk.catalogue.languages import Language
from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.errors import InputError
from leadwerk.pipeline.desk.page_cursor import PageCursor, PageRequest
from leadwerk.pipeline.desk.picks import first_day
from leadwerk.pipeline.desk.stored_reasons import ReasonDetail, reason_details, reason_sentence, reasons_of_scores
from leadwerk.policy.model import Policy
from leadwerk.policy.section import Cluster
from leadwerk.texts import action_label, text
from leadwerk.texts.facts import labelled
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Parameters, Warehouse
from leadwerk.warehouse.records import ScoreReason
from leadwerk.warehouse.statement import statement

# A seller reads the strongest reasons of a lead.
REASONS = 3
Sort = Literal["score", "value", "points", "fit", "tier", "newest"]
Grade = Literal["A", "B", "C", "D"]
MatrixCell = Annotated[str, Meta(pattern="^[A-D][1-4]$")]
Region = Annotated[str, Meta(pattern="^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class LeadFilter(Struct, frozen=True, kw_only=True):
    """Filters and order of the call list; None filters nothing. Disqualified leads appear only in their own cluster.

    `sort`: None is the policy's order (`capacity.rank_by`); `value`: probability times amount, where a lead that states
    no amount counts with the mean of the open leads.

    `grade`: of fit. `matrix_cell`: grade and level, such as A1. `region`: CH-ZH, or a country. `language`: the lead's.
    `held`: whether the lead is picked; `seller`: who picked it. `progress`: whether the CRM is at work on it.
    """

    sort: Sort | None = None
    cluster: Cluster | None = None
    grade: Grade | None = None
    matrix_cell: MatrixCell | None = None
    tier: Text | None = None
    region: Region | None = None
    language: Language | None = None
    held: bool | None = None
    seller: Text | None = None
    account_id: Text | None = None
    progress: bool | None = None


class Served(Struct, frozen=True):
    """Languages and regions that a reader serves; empty: all leads."""

    languages: tuple[Language, ...] = ()
    regions: tuple[str, ...] = ()


EVERYBODY = Served()


class ListedLead(Struct, frozen=True, kw_only=True):
    """A lead with its latest score and active pick. Points and ratings are None if the policy has no rules.

    Moments are UTC. `decided_by`: the author of an active override (None: the product decided). `expected_value`:
    probability times the stated amount; None where one of them is not known.
    """

    lead_id: str
    account_id: str | None
    created_at: datetime
    scored_at: datetime
    score: int | None
    probability: float | None
    points: float | None
    fit: float | None
    interest: float | None
    grade: str | None
    level: int | None
    matrix_cell: str | None
    icp: int | None
    traffic_light: str | None
    tier: str | None
    phase: str | None
    stage: str | None
    cluster: str
    basis: str
    language: str
    region: str | None
    decided_by: str | None
    held_by: str | None
    held_until: datetime | None
    loan_amount: float | None
    employees: int | None
    contacted_at: datetime | None
    status: str | None
    in_progress: bool
    expected_value: float | None


class CallListRow(ListedLead, frozen=True, kw_only=True):
    """A row of scores/call_list: the keys are those of the list's order."""

    score_id: str
    day: date
    country: str | None
    first_key: float
    second_key: float
    third_key: float


class LeadListItem(ListedLead, frozen=True, kw_only=True):
    """A lead of the list. `labels`: cluster, stage, traffic light and action in the requested language.

    `reasons` and `reason_details` too, where the score stored them in it; the strongest first.
    """

    reasons: tuple[str, ...]
    reason_details: tuple[ReasonDetail, ...]
    labels: dict[str, str]


class LeadPage(Struct, frozen=True, kw_only=True):
    """A page of leads; `next`: cursor of the next page (None: this is the last)."""

    as_of: datetime
    leads: tuple[LeadListItem, ...]
    next: str | None


def page(
    warehouse: Warehouse,
    policy: Policy,
    lead_filter: LeadFilter,
    page_request: PageRequest,
    output_language: Language | None = None,
    served: Served = EVERYBODY,
) -> LeadPage:
    """A page of the open leads, with labels in `output_language` or the policy's language.

    Raises:
        InputError: the policy has no such tier, or the cursor belongs to a different list.
    """
    _check_tier(policy, lead_filter.tier)
    order = list_order(policy, lead_filter.sort)
    _, as_of = page_request.position(order)
    call_list = statement("scores/call_list", CallListRow, tier=range(len(policy.tiers)))
    # One row more than the page shows whether there is another page.
    parameters = {
        **open_lead_parameters(policy, as_of, page_request.now, served),
        **_parameters(msgspec.structs.replace(lead_filter, sort=order), order, page_request),
        "most": page_request.limit + 1,
    }
    with warehouse.unit_of_work():
        rows = warehouse.rows(call_list, parameters)
        page_rows = rows[: page_request.limit]
        # Reasons are long lists; they are read for the page alone and not while ranking all leads.
        reasons = reasons_of_scores(warehouse, page_rows)
    more = _next_cursor(order, as_of, page_rows[-1]).written() if len(rows) > len(page_rows) else None
    language = output_language or policy.languages[0]
    items = [_item(policy, language, row, reasons.get(row.score_id, ())) for row in page_rows]
    return LeadPage(as_of=as_of, leads=tuple(items), next=more)


def list_order(policy: Policy, sort: Sort | None) -> Sort:
    """The order of a list: the one that is asked for, else the policy's."""
    return sort or ("value" if policy.capacity.rank_by == "expected_value" else "score")


def _parameters(lead_filter: LeadFilter, order: Sort, page_request: PageRequest) -> Parameters:
    after, _ = page_request.position(order)
    first, second, third = after.keys if after else (None, None, None)
    return {
        **msgspec.structs.asdict(lead_filter),
        "after_first": first,
        "after_second": second,
        "after_third": third,
        "after_lead": after.last if after else None,
    }


def open_lead_parameters(policy: Policy, as_of: datetime, now: datetime, served: Served) -> Parameters:
    """Parameters of scores/open_leads."""
    since = as_of - timedelta(days=OPEN_LEAD_DAYS)
    return {
        "as_of": as_of,
        "now": now,
        "created_since": since,
        "scored_since": since.date(),
        "first_day": first_day(now),
        "contact_statuses": list(policy.contacted.statuses),
        "contact_touchpoints": list(policy.contacted.touchpoints),
        "progress_statuses": progress_statuses(policy),
        "served_languages": list(served.languages),
        "served_regions": list(served.regions),
        "hot_score": float(policy.bands.hot),
        "warm_score": float(policy.bands.warm),
        "hot_points": float(policy.points.bands.hot),
        "warm_points": float(policy.points.bands.warm),
        **{f"tier_{place}": tier.name for place, tier in enumerate(policy.tiers)},
    }


def progress_statuses(policy: Policy) -> list[str]:
    """Statuses in which the CRM is at work on a lead: those that a stage of the policy asks for."""
    return sorted({status for stage in policy.stages for status in stage.statuses})


def _item(policy: Policy, language: str, row: CallListRow, reasons: Sequence[ScoreReason]) -> LeadListItem:
    return LeadListItem(
        **{name: getattr(row, name) for name in ListedLead.__struct_fields__},
        reasons=tuple(reason_sentence(language, reason) for reason in reasons[:REASONS]),
        reason_details=reason_details(reasons, language),
        labels=_labels(policy, language, row),
    )


def _labels(policy: Policy, language: str, row: CallListRow) -> dict[str, str]:
    """Labels for sellers: cluster and action; stage and traffic light if the score has them."""
    labels = {
        "cluster": text(language, f"cluster.{row.cluster}"),
        "action": action_label(policy, language, row.cluster),
    }
    if row.stage:
        labels["stage"] = stage_label(policy, language, row.stage)
    if row.traffic_light:
        labels["traffic_light"] = text(language, f"light.{row.traffic_light}")
    return labels


def stage_label(policy: Policy, language: str, name: str) -> str:
    """Label of a stage; its name if the policy no longer has the stage or gives it no label."""
    labels = next((stage.labels for stage in policy.stages if stage.name == name), {})
    return labelled(labels, language) or name


def _check_tier(policy: Policy, tier: str | None) -> None:
    tiers = [policy_tier.name for policy_tier in policy.tiers]
    if tier is not None and tier not in tiers:
        remedy = Message("refusal.use_one", choices=", ".join(tiers)) if tiers else Message("refusal.tier.none")
        raise InputError(Message("refusal.tier", tier=tier[:60]), field="tier", value=tier[:60], remedy=remedy)


def _next_cursor(sort: Sort, as_of: datetime, row: CallListRow) -> PageCursor:
    return PageCursor(sort, as_of, (row.first_key, row.second_key, row.third_key), row.lead_id)
