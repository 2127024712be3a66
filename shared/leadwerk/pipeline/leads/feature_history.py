"""Feature history: the features of leads or web visitors as of the end of each day of a range.

They are computed by the query that training and scoring share, from what was recorded strictly before each moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.errors import InputError, UnknownLead
from leadwerk.pipeline.leads.features import scoring_parameters
from leadwerk.pipeline.leads.read_features import LeadFeatures, read_features
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import VISITOR
from leadwerk.texts.message import Message
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

BATCH = 2_000
"""Leads per query: bounds memory."""
MOST_DAYS = 3660
DAY = timedelta(days=1)


class LeadId(Struct, frozen=True, kw_only=True):
    """A row of leads/ids or leads/beyond_files."""

    lead_id: str


class FeatureSubjects(Struct, frozen=True, kw_only=True):
    """Whose features are asked for: these leads and visitors, or all leads."""

    lead_ids: Sequence[str] = ()
    visitor_ids: Sequence[str] = ()
    all_leads: bool = False


def moments(policy: Policy, first: date | None, last: date | None, now: datetime) -> list[datetime]:
    """The end of each day from `first` to `last` in the policy's time zone, none after `now`; without days `now` alone.

    Raises:
        InputError: the range has no day up to now, or too many days.
    """
    if first is None and last is None:
        return [now]
    zone = ZoneInfo(policy.time_zone)
    today = now.astimezone(zone).date()
    start, end = first or last or today, min(last or today, today)
    days = (end - start).days + 1
    if not 1 <= days <= MOST_DAYS:
        key = "refusal.days.none" if days < 1 else "refusal.days.many"
        raise InputError(
            Message(key, first=start, last=last or today, days=f"{days:,}"),
            field="from",
            value=str(start),
            remedy=Message("refusal.days.remedy", most=f"{MOST_DAYS:,}", today=today),
        )
    ends = (datetime.combine(start + step * DAY + DAY, time(), zone) for step in range(days))
    return [min(end, now) for end in ends]


def feature_history(
    warehouse: Warehouse, policy: Policy, subjects: FeatureSubjects, as_of: Sequence[datetime]
) -> Iterator[LeadFeatures]:
    """The features of each subject at each moment, oldest first, without moments at which nothing was known.

    Raises:
        UnknownLead: a lead never existed, or nothing is known of a visitor.
    """
    seen: set[str] = set()
    for moment in as_of:
        for row in _rows_at(warehouse, policy, subjects, moment):
            seen.add(row.lead_id)
            yield row
    requested = {*subjects.lead_ids, *(f"{VISITOR}{visitor}" for visitor in subjects.visitor_ids)}
    for missing in sorted(requested - seen):
        raise UnknownLead(Message("refusal.features.none", subject=missing), field="lead_id", value=missing)


def _rows_at(
    warehouse: Warehouse, policy: Policy, subjects: FeatureSubjects, moment: datetime
) -> Iterator[LeadFeatures]:
    leads = subjects.lead_ids
    if subjects.all_leads:
        leads = [lead.lead_id for lead in warehouse.rows(statement("leads/ids", LeadId), {"as_of": moment})]
    queries: list[tuple[Sequence[str], Sequence[str]]] = [(batch, ()) for batch in batches(leads, BATCH)]
    # Visitors by themselves: their rows carry no lead, and a batch of leads is full already.
    queries += [((), subjects.visitor_ids)] if subjects.visitor_ids else []
    for lead_ids, visitor_ids in queries:
        parameters = scoring_parameters(policy, lead_ids, visitor_ids, moment)
        rows = [row for row in read_features(warehouse, policy, parameters) if row.is_known]
        yield from sorted(rows, key=lambda row: row.lead_id)
