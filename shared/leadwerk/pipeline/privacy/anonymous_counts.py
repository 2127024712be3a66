"""Anonymous counts: what remains of erased leads in the results, if the policy says so (`privacy.anonymous_counts`).

Counts of leads by month, trait and outcome are no data of a person (recital 26 GDPR), as long as nothing leads back: a
row has no id of a lead or of an erasure, and a trait that few leads of the month share is left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import structs

from leadwerk.pipeline.desk.outcome_counts import counting_parameters
from leadwerk.policy.model import Policy
from leadwerk.report.results.outcome_counts import SEGMENTS, Totals
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import AnonymousCountRow
from leadwerk.warehouse.statement import statement

SMALLEST_GROUP = 5
"""Leads of a month that must share a trait for it to be kept."""


class ErasedLeadCount(Totals, frozen=True, kw_only=True):
    """A row of anonymous_counts/of_leads; `day` is the first of the month in which the leads came."""

    day: date
    segment: str
    value: str | None
    wait_level: int | None


def keep_counts(warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], now: datetime) -> int:
    """Store the counts of leads that are about to be erased as of `now` (aware); returns how many leads they count.

    Leads that are older than the policy keeps scores are in no result, so they are not counted.
    """
    if not (policy.privacy.anonymous_counts and lead_ids):
        return 0
    first_day = (now - timedelta(days=policy.retention.scores)).date()
    parameters = {
        **counting_parameters(policy, first_day, now),
        "lead_ids": list(lead_ids),
        "smallest_group": SMALLEST_GROUP,
    }
    of_leads = statement("anonymous_counts/of_leads", ErasedLeadCount, trait=SEGMENTS)
    counts = warehouse.rows(of_leads, parameters)
    rows = [AnonymousCountRow(entry_id=secrets.token_hex(16), **structs.asdict(count)) for count in counts]
    warehouse.append("anonymous_counts", rows)
    return sum(count.leads for count in counts if count.segment == "none")
