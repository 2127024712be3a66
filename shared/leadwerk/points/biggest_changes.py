"""The leads whose points differ most between two policies, and which rules make the difference."""

from __future__ import annotations

from collections import Counter

import numpy as np
from msgspec import Struct

from leadwerk.points.entry import HUNDREDTHS
from leadwerk.points.ledger import Ledger
from leadwerk.points.replay_input import PolicyOutcome, ReplayMoments

SHOWN = 10


class RuleDifference(Struct, frozen=True, kw_only=True):
    """What a rule (or a cap or weight) gave under each policy, in points."""

    rule: str
    before: float
    after: float


class ChangedLead(Struct, frozen=True, kw_only=True):
    """A lead at the moment at which its points differ most, with the rules that differ; largest first."""

    lead_id: str
    as_of: str
    points_before: float
    points_after: float
    cluster_before: str
    cluster_after: str
    rules: tuple[RuleDifference, ...]


def largest_changes(
    moments: ReplayMoments, old: PolicyOutcome, new: PolicyOutcome, most: int = SHOWN
) -> tuple[ChangedLead, ...]:
    """The leads with the largest differences, each once, at its largest.

    Leads whose points are equal are left out, and those whose scores nobody may see.
    """
    difference = np.abs(new.totals.total - old.totals.total)
    if moments.withheld is not None:
        difference = np.where(moments.withheld[moments.lead], 0, difference)
    # Stable: among equal differences the earlier moment is shown, at every run.
    order = np.argsort(-difference, kind="stable")
    order = order[difference[order] > 0]
    # The first occurrence in falling order is the moment of the lead's largest difference.
    _, first = np.unique(moments.lead[order], return_index=True)
    return tuple(_mover(moments, old, new, int(order[place])) for place in np.sort(first)[:most])


def _mover(moments: ReplayMoments, old: PolicyOutcome, new: PolicyOutcome, place: int) -> ChangedLead:
    return ChangedLead(
        lead_id=moments.lead_ids[moments.lead[place]],
        as_of=f"{moments.as_of[place].astype('datetime64[s]')}Z",
        points_before=int(old.totals.total[place]) / HUNDREDTHS,
        points_after=int(new.totals.total[place]) / HUNDREDTHS,
        cluster_before=old.clusters[place],
        cluster_after=new.clusters[place],
        rules=_differences(_by_rule(old.totals.ledger, place), _by_rule(new.totals.ledger, place)),
    )


def _by_rule(ledger: Ledger | None, place: int) -> Counter[str]:
    """Hundredths of points by rule; a cap or a weight by what it bounds."""
    changes: Counter[str] = Counter()
    for entry in ledger.entries(place) if ledger else ():
        # A cap changes the sum without any rule changing: it is listed under what it bounds.
        name = entry.rule if entry.kind in ("attribute", "event") else f"{entry.kind} of {entry.subject}"
        changes[name] += round(entry.points * HUNDREDTHS)
    return changes


def _differences(before: Counter[str], after: Counter[str]) -> tuple[RuleDifference, ...]:
    differing = [name for name in {**before, **after} if before[name] != after[name]]
    differing.sort(key=lambda name: (-abs(after[name] - before[name]), name))
    return tuple(
        RuleDifference(rule=name, before=before[name] / HUNDREDTHS, after=after[name] / HUNDREDTHS)
        for name in differing
    )
