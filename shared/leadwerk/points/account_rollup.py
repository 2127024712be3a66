"""Contacts roll up to their account: who the company is, and how interested its people are.

Fit: the rules of the policy's account groups over facts of the company alone, each the newest that any contact gave.
They count whole, whatever share of them enters the fit of a contact. What is known of a person (job title, e-mail
domain, income) never speaks for or against the company. Interest: the sum of the contacts' interest, bounded by the
policy's cap for one score, because three people who read are a stronger sign than one, and thirty are not ten times as
strong as three. A disqualified contact adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from msgspec.structs import replace as changed

from leadwerk.points.conditions import LeadFacts, Occurrences
from leadwerk.points.engine import PointTotals, compute_points
from leadwerk.points.entry import HUNDREDTHS
from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Bools, Ints

COMPANY = ("employees", "revenue", "industry", "country", "region", "company_confidence")
"""Columns of a lead that describe its company; attributes in rules of an account group do so too."""

NOBODY = -1


@dataclass(frozen=True)
class AccountContacts:
    """n contacts of m accounts. `account`: place among the m; `interest`, `total`: hundredths of points."""

    account: Ints
    interest: Ints
    total: Ints
    disqualified: Bools


@dataclass(frozen=True)
class AccountRollup:
    """m accounts. `totals`: fit with its ledger, capped interest, match and disqualification of the company.

    `uncapped`: the sum of the contacts' interest before the cap, hundredths. `contacts`: how many. `best`: the position
    of the contact with the most points, NOBODY where all are disqualified; of equal ones the first.
    """

    totals: PointTotals
    uncapped: Ints
    contacts: Ints
    best: Ints

    @property
    def capped(self) -> Ints:
        """What the cap took from each account's interest, hundredths, never above 0: uncapped + capped = interest."""
        return self.totals.interest - self.uncapped


def roll_up(policy: Policy, facts: LeadFacts, contacts: AccountContacts) -> AccountRollup:
    """The accounts whose company facts are `facts` (m columns without occurrences) with their contacts."""
    size = facts.size
    counting = ~contacts.disqualified
    uncapped = np.zeros(size, dtype=np.int64)
    # `add.at` and not `+=`: several contacts of one account would overwrite each other.
    np.add.at(uncapped, contacts.account[counting], contacts.interest[counting])
    # The same engine as for a lead, so that the account's ledger has the same form and adds up likewise.
    company = compute_points(company_rules(policy), facts)
    interest = np.minimum(uncapped, policy.points.interest_cap * HUNDREDTHS)
    return AccountRollup(
        totals=replace(company, interest=interest),
        uncapped=uncapped,
        contacts=np.bincount(contacts.account, minlength=size).astype(np.int64),
        best=_best(contacts, size),
    )


def company_rules(policy: Policy) -> Policy:
    """The policy with only the rules about companies; their points count in full for an account."""
    account = [
        candidate for candidate in policy.points.groups if candidate.score == "fit" and candidate.level == "account"
    ]
    # The weight says how much of the company counts in a contact's fit; of the company itself all counts.
    groups = tuple(changed(group, weight=100) for group in account)
    names = {group.name for group in groups}
    rules = tuple(rule for rule in policy.points.rules if rule.group in names and not (rule.signal or rule.phase))
    return changed(policy, points=changed(policy.points, groups=groups, rules=rules))


def company_facts(policy: Policy, rows: Sequence[Mapping[str, Any]]) -> LeadFacts:
    """Facts of m companies from rows with COMPANY and `attribute_` columns; nothing else of the rows is taken."""
    names = (*COMPANY, *(f"attribute_{attribute.name}" for attribute in policy.attributes))
    nothing = np.empty(0, dtype=np.int64)
    # Companies have no behaviour of their own: interest comes from their contacts.
    none = Occurrences(nothing, nothing, np.empty(0, dtype="datetime64[D]"), nothing, nothing)
    return LeadFacts(len(rows), {name: [row.get(name) for row in rows] for name in names}, none)


def _best(contacts: AccountContacts, size: int) -> Ints:
    """The first of each account's qualified contacts by falling points."""
    best = np.full(size, NOBODY, dtype=np.int64)
    candidates = np.flatnonzero(~contacts.disqualified)
    # Position breaks ties: the same contacts in the same order always name the same best one.
    order = candidates[np.lexsort((candidates, -contacts.total[candidates], contacts.account[candidates]))]
    accounts, first = np.unique(contacts.account[order], return_index=True)
    best[accounts] = order[first]
    return best
