"""Where a lead stands: grades of fit, levels of interest, the cell of the matrix, light, tier and phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadwerk.points.conditions import Conditions, LeadFacts
from leadwerk.points.engine import PointTotals
from leadwerk.points.entry import HUNDREDTHS
from leadwerk.points.occurrence_index import OccurrenceIndex
from leadwerk.policy.model import Policy
from leadwerk.policy.points import PHASES, Grades, Levels, Phase, PointsModel
from leadwerk.policy.selling import Grade
from leadwerk.stats.arrays import Ints

Light = Literal["red", "yellow", "green"]
Level = Literal[1, 2, 3, 4]

Words = NDArray[np.object_]


OF_THE_CONTACT = frozenset({"country", "region", "language"})
"""Facts that come with any form: they may speak for an account, but to have them is to know nothing of it."""


class LeadRating(Struct, frozen=True, kw_only=True):
    """One lead's points and what they mean.

    `matrix_cell` is grade and level, such as B2. `icp` is the account's match with the ideal customer, 0–100, and
    `traffic_light` its colour, None where nothing is known of the account. `tier` is None where neither employees nor
    revenue are known, `phase` where no signal of a phase occurred.
    """

    fit: float
    interest: float
    points: float
    grade: Grade
    level: Level
    matrix_cell: str
    icp: int
    traffic_light: Light | None
    tier: str | None
    phase: Phase | None
    disqualified: bool


def rate_leads(policy: Policy, facts: LeadFacts, totals: PointTotals) -> list[LeadRating]:
    """The standing of each of the n leads, in their order."""
    columns = zip(
        (totals.fit / HUNDREDTHS).tolist(),
        (totals.interest / HUNDREDTHS).tolist(),
        (totals.total / HUNDREDTHS).tolist(),
        grades(policy.points.grades, totals.fit),
        levels(policy.points.levels, totals.interest),
        totals.icp.tolist(),
        lights(policy, facts, totals.icp),
        tiers(policy, facts),
        phases(policy, facts),
        totals.disqualified.tolist(),
        strict=True,
    )
    return [
        LeadRating(
            fit=fit,
            interest=interest,
            points=points,
            grade=grade,
            level=level,
            matrix_cell=f"{grade}{level}",
            icp=icp,
            traffic_light=light,
            tier=tier,
            phase=phase,
            disqualified=disqualified,
        )
        for fit, interest, points, grade, level, icp, light, tier, phase, disqualified in columns
    ]


def grades(bounds: Grades, fit: Ints) -> Words:
    """A, B, C or D for hundredths of fit.

    >>> grades(Grades(a=75, b=50, c=25), np.array([7500, 7499, 2500, -100])).tolist()
    ['A', 'B', 'C', 'D']
    """
    return _banded(fit, (bounds.a, bounds.b, bounds.c), ("A", "B", "C", "D"))


def levels(bounds: Levels, interest: Ints) -> Words:
    """1, 2, 3 or 4 for hundredths of interest.

    >>> levels(Levels(one=60, two=40, three=20), np.array([6000, 4000, 2000, 1999])).tolist()
    [1, 2, 3, 4]
    """
    return _banded(interest, (bounds.one, bounds.two, bounds.three), (1, 2, 3, 4))


def lights(policy: Policy, facts: LeadFacts, icp: Ints) -> Words:
    """red, yellow or green for the match with the ideal customer; None for an account of which nothing is known."""
    bounds = policy.points.traffic_light
    colours = _banded(icp * HUNDREDTHS, (bounds.green, bounds.yellow), ("green", "yellow", "red"))
    conditions = Conditions(policy, facts)
    is_known = np.zeros(facts.size, dtype=bool)
    for name in _account_facts(policy.points):
        is_known |= conditions.is_present(name)
    # Red would claim a bad match where the form simply left the company out.
    colours[~is_known] = None
    return colours


def tiers(policy: Policy, facts: LeadFacts) -> Words:
    """The first tier from whose employees or revenue on an account is; None where both are unknown or none fits.

    A tier that asks for neither takes every account of which one is known.
    """
    conditions = Conditions(policy, facts)
    employees, revenue = conditions.numbers("employees"), conditions.numbers("revenue")
    tier_names: Words = np.full(facts.size, None)
    # Backwards, so that the first fitting tier is written last and stays.
    for tier in reversed(policy.tiers):
        if tier.employees is None and tier.revenue is None:
            fits = ~(np.isnan(employees) & np.isnan(revenue))
        else:
            fits = (employees >= _or_never(tier.employees)) | (revenue >= _or_never(tier.revenue))
        tier_names[fits] = tier.name
    return tier_names


def phases(policy: Policy, facts: LeadFacts) -> Words:
    """The last phase of the journey of which a signal occurred within the window, else None."""
    occurred = OccurrenceIndex(policy, facts)
    phase_names: Words = np.full(facts.size, None)
    # In the order of the journey: later phases overwrite earlier ones.
    for phase in PHASES:
        signals = [place for place, signal in enumerate(policy.signals) if signal.phase == phase]
        phase_names[occurred.of_signals(signals).lead] = phase
    return phase_names


def _account_facts(model: PointsModel) -> set[str]:
    account = {group.name for group in model.groups if group.score == "fit" and group.level == "account"}
    return {name for rule in model.rules if rule.group in account for name in rule.when} - OF_THE_CONTACT


def _banded(hundredths: Ints, bounds: Sequence[int], names: Sequence[Any]) -> Words:
    """The name of the first bound (points, falling) that is reached, else the last name."""
    names_by_lead: Words = np.full(len(hundredths), names[-1], dtype=object)
    for bound, name in zip(reversed(bounds), reversed(names[:-1]), strict=True):
        names_by_lead[hundredths >= bound * HUNDREDTHS] = name
    return names_by_lead


def _or_never(bound: float | None) -> float:
    return float("inf") if bound is None else bound
