"""Ledger at a moment: the entries that a lead's points add up from, computed again for any past moment.

It reads what was recorded strictly before the moment, by the queries that score today, and applies the rules in force
then (policies/policy_in_force.py). So the ledger of a past day adds up as exactly as today's, and to the score that was
stored then.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from leadwerk.errors import ScoreWithheld, UnknownLead
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.pipeline.policies.policy_in_force import RulesAt, Source, StoredThen
from leadwerk.points.classification import LeadRating
from leadwerk.points.entry import HUNDREDTHS, Entry
from leadwerk.scoring.arms import CONTROL, OBJECTION, Withholding, withholding
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy


class LedgerAt(Struct, frozen=True, kw_only=True):
    """The points of a lead at a moment, by the rules of `policy_version`: `entries` add up to fit + interest.

    `policy_source` and `in_force`: how that version was found, and which was in force (see policy_in_force.RulesAt).
    `stored`: the score stored at exactly this moment; `adds_up`: whether it had these points; None without one.
    """

    lead_id: str
    as_of: datetime
    policy_version: str
    policy_source: Source
    in_force: str | None
    since: datetime | None
    rating: LeadRating
    entries: tuple[Entry, ...]
    sum: float
    stored: StoredThen | None
    adds_up: bool | None


def ledger(warehouse: Warehouse, policy: Policy, rules: RulesAt, lead_id: str, *, at: datetime) -> LedgerAt:
    """The lead's ledger from what was known strictly before `at` (aware), by these rules: policy_in_force.rules_at.

    `policy`: the one in force now, whose experiment withholds the scores of its control group.

    Raises:
        UnknownLead: the lead was not known then.
        ScoreWithheld: the lead is worked without a score, which computing it again would tell.
    """
    states, _, totals, ratings = points_input_of_leads(warehouse, rules.policy, [lead_id], at)
    if states[0].created_at is None or totals.ledger is None:
        raise unknown_lead(lead_id, at)
    entries, rating = totals.ledger.entries(0), ratings[0]
    for known_policy in (policy, rules.policy):
        if (cause := withholding(known_policy, states[0], is_disqualified=rating.disqualified)) is not None:
            raise _withheld(lead_id, cause)
    return LedgerAt(
        lead_id=lead_id,
        as_of=at,
        policy_version=rules.policy.version,
        policy_source=rules.source,
        in_force=rules.in_force,
        since=rules.since,
        rating=rating,
        entries=entries,
        # In whole hundredths, as the points are: a sum of floats would not add up exactly.
        sum=round(sum(round(entry.points * HUNDREDTHS) for entry in entries) / HUNDREDTHS, 2),
        stored=rules.stored,
        adds_up=_adds_up(rules.stored, rating),
    )


def _adds_up(stored: StoredThen | None, rating: LeadRating) -> bool | None:
    """Whether the score that was stored then had the same points; None where none was stored, or none had points."""
    if stored is None or stored.points is None:
        return None
    return (stored.fit, stored.interest, stored.points) == (rating.fit, rating.interest, rating.points)


def _withheld(lead_id: str, cause: Withholding) -> ScoreWithheld:
    why, lead = {CONTROL: "control", OBJECTION: "objection"}[cause], lead_id[:100]
    fault, remedy = Message(f"refusal.withheld.{why}", lead=lead), Message(f"refusal.withheld.{why}.remedy", lead=lead)
    return ScoreWithheld(fault, field="lead_id", value=lead, remedy=remedy)


def unknown_lead(lead_id: str, at: datetime) -> UnknownLead:
    """The error for a lead that did not exist at `at`."""
    return UnknownLead(
        Message("refusal.lead.then", lead=lead_id[:100], moment=f"{at:%Y-%m-%d %H:%M}"),
        field="lead_id",
        value=lead_id[:100],
    )
