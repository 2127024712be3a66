"""Points of leads: rules, decay and caps in one columnar pass, with a ledger that adds up to them exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.points.conditions import Conditions, LeadFacts
from leadwerk.points.decay import factors, idle_days
from leadwerk.points.entry import HUNDREDTHS, KINDS, SCORES
from leadwerk.points.ledger import NONE, Ledger, LedgerRows, kind_of
from leadwerk.points.occurrence_index import OccurrenceDays, OccurrenceIndex, points_before_decay
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Group, PointsModel, Rule
from leadwerk.stats.arrays import Bools, Ints

_CAP, _WEIGHT = KINDS.index("cap"), KINDS.index("weight")
_NO_DAY = np.datetime64("NaT", "D")
_WHOLE = 100
_HIGHEST_MATCH = 100


@dataclass(frozen=True)
class PointTotals:
    """n leads with their points.

    `fit`, `interest`: hundredths of points. `icp`: match with the ideal customer, 0–100. `disqualified`: whether a rule
    that disqualifies fired. `ledger`: where the points come from, if asked for.
    """

    fit: Ints
    interest: Ints
    icp: Ints
    disqualified: Bools
    ledger: Ledger | None

    @property
    def total(self) -> Ints:
        """Fit and interest together, hundredths of points."""
        return self.fit + self.interest


def compute_points(policy: Policy, facts: LeadFacts, *, ledger: bool = True) -> PointTotals:
    """The points of n leads. Each depends on its own facts alone, whichever leads come with it.

    Rules are counted group by group in the policy's order; caps bound first a rule, then its group, then, after the
    group's weight, the score.
    """
    return _Pass(policy, facts, LedgerRows(policy.points, collects=ledger)).totals()


class _Pass:
    """One pass over all groups and rules; every point given or taken becomes a row of the ledger."""

    def __init__(self, policy: Policy, facts: LeadFacts, rows: LedgerRows) -> None:
        self.model: PointsModel = policy.points
        self.size = facts.size
        self.rows = rows
        self.conditions = Conditions(policy, facts)
        self.occurred = OccurrenceIndex(policy, facts)
        self.idle_days = idle_days(self.conditions.numbers("lead_age_days"), facts.occurrences)
        self.disqualified = np.zeros(facts.size, dtype=bool)

    def totals(self) -> PointTotals:
        sums = {score: self.nothing() for score in SCORES}
        match = self.nothing()
        # In the policy's order, because caps bind in that order and the ledger lists rows in it.
        for place, group in enumerate(self.model.groups):
            group_points = self.of_group(place, group)
            if group.score == "fit" and group.level == "account":
                match += group_points
            sums[group.score] += self.weighted(group_points, group, place)
        for place, cap in enumerate((self.model.fit_cap, self.model.interest_cap)):
            self.cap_from_above(sums[SCORES[place]], cap, rule=NONE, group=NONE, score=place)
        icp = np.clip(match // HUNDREDTHS, 0, _HIGHEST_MATCH)
        return PointTotals(sums["fit"], sums["interest"], icp, self.disqualified, self.rows.ledger())

    def of_group(self, place: int, group: Group) -> Ints:
        """The hundredths that a group's rules give each lead, after its cap."""
        group_points, is_taken = self.nothing(), np.zeros(self.size, dtype=bool)
        where = {"group": place, "score": SCORES.index(group.score)}
        for rule_place, rule in enumerate(self.model.rules):
            if rule.group != group.name:
                continue
            # `is_taken` is only ever set in groups where the first match wins; elsewhere it excludes no lead.
            days = self.counted(rule, self.conditions.hold(rule.when) & ~is_taken)
            if len(days.lead):  # most rules do not apply to a single lead
                group_points += self.of_rule(rule, days, group, {"rule": rule_place, **where})
                if group.first_match_only:
                    is_taken[days.lead] = True
                if rule.disqualifies:
                    self.disqualified[days.lead] = True
        if group.cap is not None:
            self.cap_from_above(group_points, group.cap, rule=NONE, **where)
        return group_points

    def weighted(self, group_points: Ints, group: Group, place: int) -> Ints:
        """What of a group's sum enters the score."""
        if group.weight == _WHOLE:
            return group_points
        # Whole hundredths: floats would let the ledger miss its score by a rounding error.
        entering = np.rint(group_points * group.weight / _WHOLE).astype(np.int64)  # half to even
        # Only leads that the weight takes something from get a row for it.
        lead = np.flatnonzero(entering != group_points)
        removed = (entering - group_points)[lead]
        where = {"rule": NONE, "group": place, "score": SCORES.index(group.score), "kind": _WEIGHT}
        self.rows.write(lead, day=_NO_DAY, events=0, base=group.weight, factor=1.0, hundredths=removed, **where)
        return entering

    def of_rule(self, rule: Rule, days: OccurrenceDays, group: Group, where: dict[str, int]) -> Ints:
        """The hundredths that a rule gives each lead for these days, after its cap."""
        base = points_before_decay(rule, days)
        factor = factors(group.decay, days.age_days, self.idle_days[days.lead])
        hundredths = np.rint(base * HUNDREDTHS * factor).astype(np.int64)  # half to even
        kind = KINDS.index(kind_of(rule))
        written = {"day": days.day, "events": days.events, "base": base, "factor": factor, "hundredths": hundredths}
        self.rows.write(days.lead, kind=kind, **written, **where)
        # Sums per lead of integers held as floats: exact up to 2⁵³ hundredths.
        sums = np.bincount(days.lead, weights=hundredths, minlength=self.size).astype(np.int64)
        if rule.cap is not None:
            self.cap_from_above(sums, rule.cap, **where)
            # A cap bounds what a rule takes as well.
            self.move(np.flatnonzero(sums < -rule.cap * HUNDREDTHS), sums, -rule.cap, where)
        return sums

    def counted(self, rule: Rule, holding: Bools) -> OccurrenceDays:
        """What a rule gives points for: days on which something happened; for an attribute one row without a day."""
        if kind_of(rule) == "event":
            days = self.occurred.of_rule(rule)
            return days.where(holding[days.lead])
        lead = np.flatnonzero(holding)
        return OccurrenceDays(lead, np.full(len(lead), _NO_DAY), np.zeros_like(lead), np.zeros_like(lead))

    def cap_from_above(self, sums: Ints, cap: int, **where: int) -> None:
        """Takes from each sum what lies above the cap, by a row of its own."""
        self.move(np.flatnonzero(sums > cap * HUNDREDTHS), sums, cap, where)

    def move(self, lead: Ints, sums: Ints, cap: int, where: dict[str, int]) -> None:
        """Sets these leads' sums to the cap and writes down the difference."""
        difference = cap * HUNDREDTHS - sums[lead]
        sums[lead] += difference
        self.rows.write(lead, kind=_CAP, day=_NO_DAY, events=0, base=cap, factor=1.0, hundredths=difference, **where)

    def nothing(self) -> Ints:
        return np.zeros(self.size, dtype=np.int64)
