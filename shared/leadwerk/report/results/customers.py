"""Customers: who is over-represented among those who converted, and groups of leads that resemble each other, in words.

The figures are measured when a person asks for it, because that reads the features of all leads, and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec import Struct

from leadwerk.features.contract import contract
from leadwerk.report.results.answers import z_of_many
from leadwerk.report.results.table_words import Cells, column_heads, interval_text
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson
from leadwerk.texts.facts import fact, label

DISTINCT, BLURRED = 0.5, 0.25
"""Silhouette above which groups are clearly apart, and below which they run into each other."""


class CustomerTrait(Struct, frozen=True, kw_only=True):
    """A fact with its shares among customers and all leads, and its lift with a simultaneous 95 % interval.

    `labels` by language; `points` that a rule gives for it, None without one.
    """

    labels: dict[str, str]
    customer_share: float
    lead_share: float
    lift: float
    low: float
    high: float
    points: int | None


class GroupTrait(Struct, frozen=True):
    """What sets a group apart: a feature group that is high or low, or a category's value that is frequent."""

    group: str
    kind: Literal["high", "low", "value"]
    value: str | None


class LeadGroup(Struct, frozen=True, kw_only=True):
    """Leads that resemble each other, and how many of them converted."""

    leads: int
    converted: int
    traits: tuple[GroupTrait, ...]


class CustomerFindings(Struct, frozen=True, kw_only=True):
    """What was measured at `measured_at` (UTC) on so many leads with a certain outcome; `tested` facts were tried.

    `groups`: the largest first; none with too few leads, or where all are alike. `silhouette`: how far apart they are.
    """

    measured_at: datetime
    leads: int
    customers: int
    tested: int
    traits: tuple[CustomerTrait, ...]
    groups: tuple[LeadGroup, ...]
    silhouette: float | None


@dataclass(frozen=True)
class CustomersView:
    """Findings as sentences, and as tables for who compares."""

    measured: str
    profile_answer: str
    traits: Sequence[str]
    trait_head: Cells
    trait_rows: Sequence[Cells]
    groups_answer: str
    groups: Sequence[str]
    group_head: Cells
    group_rows: Sequence[Cells]


def customers_view(wording: Wording, findings: CustomerFindings | None) -> CustomersView | None:
    """The findings in the reader's language; None where nothing was measured yet."""
    if findings is None:
        return None
    number = wording.number
    measured = wording.say(
        "page.customers.measured",
        moment=wording.moment(findings.measured_at),
        leads=number(findings.leads),
        customers=number(findings.customers),
    )
    answer = wording.say(f"page.customers.{'some' if findings.traits else 'none'}", tested=number(findings.tested))
    z = z_of_many(len(findings.groups))
    return CustomersView(
        measured=measured,
        profile_answer=answer,
        traits=[_trait_sentence(wording, trait) for trait in findings.traits],
        trait_head=(
            wording.say("page.customers.fact"),
            *column_heads(wording, "of_customers", "of_leads", "lift", "points"),
        ),
        trait_rows=[_trait_row(wording, trait) for trait in findings.traits],
        groups_answer=_groups_answer(wording, findings),
        groups=[_group_sentence(wording, group, findings, z) for group in findings.groups],
        group_head=(wording.say("page.group"), *column_heads(wording, "leads", "won", "rate", "interval")),
        group_rows=[_group_row(wording, group, z) for group in findings.groups],
    )


def _trait_sentence(wording: Wording, trait: CustomerTrait) -> str:
    sentence = wording.say(
        "page.customers.trait",
        fact=_fact(wording, trait),
        of_customers=wording.percent(trait.customer_share),
        of_leads=wording.percent(trait.lead_share),
        lift=wording.number(trait.lift, 1),
        low=wording.number(trait.low, 1),
    )
    if trait.points is None:
        return f"{sentence} {wording.say('page.customers.no_rule')}"
    return f"{sentence} {wording.say('page.customers.rule', count=trait.points, figure=wording.points(trait.points))}"


def _trait_row(wording: Wording, trait: CustomerTrait) -> Cells:
    lift = f"{wording.number(trait.lift, 1)} ({wording.number(trait.low, 1)} … {wording.number(trait.high, 1)})"
    points = "–" if trait.points is None else wording.points(trait.points)
    shares = wording.percent(trait.customer_share), wording.percent(trait.lead_share)
    return _fact(wording, trait), *shares, lift, points


def _fact(wording: Wording, trait: CustomerTrait) -> str:
    # A policy may know no words in the reader's language: its first one is better than a code.
    sentence = trait.labels.get(wording.language) or next(iter(trait.labels.values()), "–")
    return sentence[:1].upper() + sentence[1:]


def _groups_answer(wording: Wording, findings: CustomerFindings) -> str:
    if findings.silhouette is None:
        return wording.say("page.groups.none")
    clear = findings.silhouette >= DISTINCT
    how = "distinct" if clear else "blurred" if findings.silhouette < BLURRED else "apart"
    return wording.say(f"page.groups.{how}", count=len(findings.groups))


def _group_sentence(wording: Wording, group: LeadGroup, findings: CustomerFindings, z: float) -> str:
    rate = group.converted / group.leads
    low, high = wilson(rate, group.leads, z)
    won = sum(other.converted for other in findings.groups) / sum(other.leads for other in findings.groups)
    verdict = "above" if low > won else "below" if high < won else "chance"
    return wording.say(
        f"page.group.{verdict}",
        name=group_name(wording, group),
        count=group.leads,
        leads=wording.number(group.leads),
        rate=wording.percent(rate, 1),
        all=wording.percent(won, 1),
    )


def _group_row(wording: Wording, group: LeadGroup, z: float) -> Cells:
    rate = group.converted / group.leads
    figures = wording.number(group.leads), wording.number(group.converted), wording.percent(rate, 1)
    return group_name(wording, group), *figures, interval_text(wording, *wilson(rate, group.leads, z))


def group_name(wording: Wording, group: LeadGroup) -> str:
    """What sets the group apart, in words."""
    name = ", ".join(_trait_name(wording, trait) for trait in group.traits) or wording.say("page.group.ordinary")
    return name[:1].upper() + name[1:]


def _trait_name(wording: Wording, trait: GroupTrait) -> str:
    name = label(wording.policy, wording.language, trait.group)
    if trait.kind != "value":
        return wording.say(f"page.group.{trait.kind}", label=name)
    features = [feature.name for feature in contract(wording.policy) if feature.group == trait.group]
    return fact(wording.policy, wording.language, trait.group, dict.fromkeys(features[:1], trait.value))
