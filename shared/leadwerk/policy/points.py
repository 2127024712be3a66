"""What a policy says about points: rules, the groups they add up in, and what a sum means.

Two scores: fit (who the lead is) and interest (what the lead does). A rule belongs to a group, a group to one score.
Caps hold for a rule, a group and a score; decay is a group's. Points are whole numbers; decay makes hundredths of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from leadwerk.policy.section import Identifier, Labels, Percent, PolicySection

Phase = Literal["awareness", "interest", "consideration", "decision"]
PHASES: tuple[Phase, ...] = ("awareness", "interest", "consideration", "decision")
"""Phases of a customer's journey, first to last."""

Cell = Annotated[str, Meta(pattern="^[A-D][1-4]$")]
"""A cell of the matrix: a grade of fit and a level of interest."""
Points = Annotated[int, Meta(ge=-1000, le=1000)]
Value = str | float | int


class Condition(PolicySection, frozen=True):
    """A condition on one fact of a lead; all that are given must hold. A fact that is missing satisfies none.

    Text is compared without regard to case. `matches` is an RE2 pattern searched in the text; it states its own case.
    """

    # Not a test case, whatever pytest thinks of its name.
    __test__ = False

    any_of: tuple[Value, ...] = ()
    none_of: tuple[Value, ...] = ()
    matches: str | None = None
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None


class Decay(PolicySection, frozen=True):
    """How points lose worth: by an event's own age (half-life), or by a lead's idleness (a share each period)."""

    half_life_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    idle_period_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    loss_percent: Percent | None = None


class Group(PolicySection, frozen=True):
    """Rules whose points add up under one cap and lose worth in one way.

    `level` (fit only): of the contact, or of the account, whose match with the ideal customer the traffic light shows.
    `first_match_only`: only the first rule that matches counts, so a new value replaces the points of the old one.
    `weight`: what share of the sum, after its cap, enters the score, in percent; the match counts the sum whole.
    """

    name: Identifier
    score: Literal["fit", "interest"]
    level: Literal["contact", "account"] = "contact"
    cap: Annotated[int, Meta(ge=1, le=10000)] | None = None
    weight: Annotated[int, Meta(ge=1, le=100)] = 100
    first_match_only: bool = False
    decay: Decay | None = None
    labels: Labels = field(default_factory=dict)


class Rule(PolicySection, frozen=True):
    """Points for a fact (`when`), for each occurrence of a signal (`signal`), or of all signals of a phase (`phase`).

    A rule with a signal and `when` applies to leads that satisfy `when`. `repeat_points` is what the second and further
    occurrences give. `repeat` states what counts as an occurrence: every event, every day with one, only the first
    (`once`) or only the newest (`newest`, which replaces what came before). `cap` bounds what one rule gives, of either
    sign.
    """

    name: Identifier
    group: Identifier
    points: Points
    when: dict[Identifier, Condition] = field(default_factory=dict)
    signal: Identifier | None = None
    phase: Phase | None = None
    repeat_points: Points | None = None
    repeat: Literal["every_event", "every_day", "once", "newest"] = "every_day"
    cap: Annotated[int, Meta(ge=1, le=10000)] | None = None
    disqualifies: bool = False
    labels: Labels = field(default_factory=dict)


class PointBands(PolicySection, frozen=True):
    """Points (fit + interest) at which HOT and WARM start, and the limits within which HOT may be adjusted."""

    hot: int = 50
    warm: int = 20
    threshold_limits: tuple[int, int] = (40, 60)


class Grades(PolicySection, frozen=True):
    """Fit at which grades A, B and C start (below C is D)."""

    a: int = 75
    b: int = 50
    c: int = 25


class Levels(PolicySection, frozen=True):
    """Interest at which levels 1, 2 and 3 start (below 3 is 4)."""

    one: int = 60
    two: int = 40
    three: int = 20


class Cells(PolicySection, frozen=True):
    """Cells whose leads may be HOT, and may be WARM, whatever their score; all others are colder.

    By default both halves count: who is a good match and does nothing is COLD, who reads everything and is no match is
    WARM at most.
    """

    hot: tuple[Cell, ...] = tuple(f"{grade}{level}" for grade in "ABC" for level in "123")
    warm: tuple[Cell, ...] = tuple(f"{grade}{level}" for grade in "ABCD" for level in "123")


class TrafficLight(PolicySection, frozen=True):
    """Yellow and green start at these matches with the ideal customer (account's fit, 0–100); below it is red."""

    yellow: Percent = 50
    green: Percent = 80


class PointsModel(PolicySection, frozen=True):
    """The whole points model; without rules there are no points.

    `window_days`: how far back signals count. `fit_cap` and `interest_cap` bound the two scores from above.
    """

    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()
    window_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    fit_cap: Annotated[int, Meta(ge=1)] = 100
    interest_cap: Annotated[int, Meta(ge=1)] = 100
    bands: PointBands = PointBands()
    grades: Grades = Grades()
    levels: Levels = Levels()
    cells: Cells = Cells()
    traffic_light: TrafficLight = TrafficLight()


class Tier(PolicySection, frozen=True):
    """A size of company: its least employees or least yearly revenue (either suffices); the first that fits counts."""

    name: str
    employees: Annotated[int, Meta(ge=0)] | None = None
    revenue: Annotated[float, Meta(ge=0)] | None = None
