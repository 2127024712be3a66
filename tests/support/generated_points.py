"""Generated policies, leads and moments: right in shape, otherwise as odd as they come."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import strategies as st

from leadwerk import policy
from leadwerk.policy.model import Policy
from leadwerk.policy.points import PHASES, Condition, Decay, Group, PointsModel, Rule
from support.lead_history import NOON, Lead

B2B = policy.load("b2b_swiss")
SIGNALS = [signal.name for signal in B2B.signals]
TITLES = ["CEO", "ceo", "Intern", "Leiter Verkauf", "", " "]

points = st.integers(-60, 60)
caps = st.none() | st.integers(1, 60)
decays = (
    st.none()
    | st.builds(Decay, half_life_days=st.integers(1, 60))
    | st.builds(Decay, idle_period_days=st.integers(1, 40), loss_percent=st.integers(0, 100))
)
word_tests = st.builds(
    Condition,
    any_of=st.sets(st.sampled_from(["CEO", "Intern"]), max_size=2).map(tuple),
    none_of=st.sets(st.sampled_from(["ceo", "intern"]), max_size=1).map(tuple),
    matches=st.none() | st.sampled_from(["(?i)ceo", "^Leiter"]),
)
number_tests = st.builds(
    Condition,
    any_of=st.sets(st.sampled_from([5, 50, 51.0]), max_size=2).map(tuple),
    above=st.none() | st.integers(0, 60),
    at_most=st.none() | st.integers(0, 60),
)
conditions = st.fixed_dictionaries({}, optional={"job_title": word_tests, "employees": number_tests})


@st.composite
def rules(draw: st.DrawFn, name: str, groups: list[str]) -> Rule:
    about = draw(st.sampled_from(["attribute", "signal", "phase"]))
    return Rule(
        name=name,
        group=draw(st.sampled_from(groups)),
        points=draw(points),
        when=draw(conditions),
        signal=draw(st.sampled_from(SIGNALS)) if about == "signal" else None,
        phase=draw(st.sampled_from(PHASES)) if about == "phase" else None,
        repeat_points=draw(st.none() | points),
        repeat=draw(st.sampled_from(["every_event", "every_day", "once", "newest"])),
        cap=draw(caps),
        disqualifies=draw(st.booleans()),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    names = [f"group_{n}" for n in range(draw(st.integers(1, 4)))]
    groups = [
        Group(
            name=name,
            score=draw(st.sampled_from(["fit", "interest"])),
            level=draw(st.sampled_from(["contact", "account"])),
            cap=draw(caps),
            weight=draw(st.sampled_from([100, 30, 33])),
            first_match_only=draw(st.booleans()),
            decay=draw(decays),
        )
        for name in names
    ]
    model = PointsModel(
        groups=tuple(groups),
        rules=tuple(draw(rules(f"rule_{n}", names)) for n in range(draw(st.integers(1, 7)))),
        window_days=draw(st.integers(1, 120)),
        fit_cap=draw(st.integers(1, 100)),
        interest_cap=draw(st.integers(1, 100)),
    )
    return msgspec.structs.replace(B2B, points=model)


minutes = st.integers(-60 * 24 * 3, 60 * 24 * 130)
events = st.tuples(st.none() | st.sampled_from(SIGNALS), minutes.map(lambda before: NOON - timedelta(minutes=before)))
leads = st.builds(
    Lead,
    facts=st.fixed_dictionaries(
        {
            "job_title": st.none() | st.sampled_from(TITLES),
            "employees": st.none() | st.sampled_from([0, 5, 50, 51.0, 1e6]),
            "lead_age_days": st.none() | st.floats(0, 300),
        }
    ),
    events=st.lists(events, max_size=12) | st.lists(events, min_size=5, max_size=25),
)
moments = st.integers(-60 * 24 * 2, 60 * 24 * 100).map(lambda before: NOON - timedelta(minutes=before))
