"""What a policy says about selling: stages of a contact, sellers and their time, and how points and model decide."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from leadwerk.catalogue.languages import Language
from leadwerk.policy.section import Identifier, Labels, OutcomeKind, Percent, PolicySection

Grade = Literal["A", "B", "C", "D"]


class Stage(PolicySection, frozen=True):
    """A stage of a contact: all its conditions must hold. A contact is in the last stage of the list that fits.

    `cluster` and `grade` mean that one or a better one; `statuses` are the CRM's, newest known; `known`: is a lead.
    `horizon_days`: within which the chance of the next stage is meant; None: the policy's.
    """

    name: Identifier
    known: bool = False
    cluster: Literal["HOT", "WARM"] | None = None
    grade: Grade | None = None
    points: int | None = None
    interest: int | None = None
    statuses: tuple[str, ...] = ()
    outcomes: tuple[OutcomeKind, ...] = ()
    horizon_days: Annotated[int, Meta(ge=1, le=365)] | None = None
    labels: Labels = field(default_factory=dict)


class Seller(PolicySection, frozen=True):
    """A seller: hours a week, and the languages and regions served; without them, all leads."""

    name: Identifier
    hours_per_week: Annotated[float, Meta(ge=0, le=168)]
    languages: tuple[Language, ...] = ()
    regions: tuple[str, ...] = ()


class Capacity(PolicySection, frozen=True):
    """How sellers' time becomes a threshold.

    `minutes_per_lead`: a seller's time for one HOT lead, all calls and notes. `look_back_days`: the period whose leads
    stand for those to come. `pick_hours`: how long a picked lead stays with its seller without being worked on.
    `cost_per_hour`: what a seller's hour costs, in the policy's currency; None: costs are not shown. `rank_by`: whether
    the leads to call are in order of their chance, or of chance times amount.
    """

    sellers: tuple[Seller, ...] = ()
    minutes_per_lead: Annotated[int, Meta(ge=1, le=10000)] = 60
    look_back_days: Annotated[int, Meta(ge=7, le=365)] = 28
    pick_hours: Annotated[int, Meta(ge=1, le=2000)] = 48
    cost_per_hour: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    rank_by: Literal["probability", "expected_value"] = "probability"

    @property
    def cost_per_call(self) -> float | None:
        """Cost of working one lead, in the policy's currency; None where no cost is stated."""
        return None if self.cost_per_hour is None else self.cost_per_hour * self.minutes_per_lead / 60


class Contacted(PolicySection, frozen=True):
    """What counts as a first contact: these statuses of the CRM, and these kinds of touchpoints."""

    statuses: tuple[str, ...] = ()
    touchpoints: tuple[str, ...] = ()


class VerdictReason(PolicySection, frozen=True):
    """Why a seller finds a lead good or not; one is chosen after a call."""

    name: Identifier
    labels: Labels = field(default_factory=dict)


class RankingRule(PolicySection, frozen=True):
    """How points and model decide together once there is a champion.

    `rank_by`: the model's score, the points, or both (`points_weight` percent points, the rest model). A lead that the
    points disqualify stays DISQUALIFIED unless `points_disqualify` is false.
    """

    rank_by: Literal["model", "points", "both"] = "model"
    points_weight: Percent = 50
    points_disqualify: bool = True
