"""Arms: fixed shares, independent of the lead, and the same on every machine and at every time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from leadwerk.experiment.assignment import assign
from leadwerk.policy.experiment import Experiment

SPRING = Experiment(
    name="spring",
    starts=date(2026, 3, 1),
    ends=date(2026, 6, 1),
    control_percent=20,
    call_percent=30,
    exploration_percent=10,
)
CREATED = datetime(2026, 4, 1, tzinfo=UTC)
IDS = [str(number) for number in range(20_000)]


def test_arms_have_their_shares_and_say_their_probabilities() -> None:
    assignments = [assign(SPRING, lead_id, CREATED) for lead_id in IDS]
    arms = [assignment.arm(is_hot=False) for assignment in assignments if assignment]
    assert len(arms) == len(IDS)
    for arm, share in (("control", 0.2), ("exploration", 0.08), ("scored", 0.72)):
        assert arms.count(arm) / len(arms) == pytest.approx(share, abs=0.01)
    drawn = [assignment for assignment in assignments if assignment]
    probabilities = {lead.arm(is_hot=False): lead.arm_probability(is_hot=False) for lead in drawn}
    assert probabilities == pytest.approx({"control": 0.2, "exploration": 0.08, "scored": 0.72})
    assert "exploration" not in {assignment.arm(is_hot=True) for assignment in assignments if assignment}


def test_lots_of_the_control_group_work_their_share_and_rank_them_first() -> None:
    control = [a for lead_id in IDS if (a := assign(SPRING, lead_id, CREATED)) and a.is_control]
    worked = [assignment.random_rank for assignment in control if assignment.is_worked]
    rest = [assignment.random_rank for assignment in control if not assignment.is_worked]
    assert len(worked) / len(control) == pytest.approx(0.3, abs=0.02)
    assert min(worked) >= max(rest)
    assert (min(rest), max(worked)) == (0, 100)


def test_arm_lot_and_exploration_are_independent() -> None:
    drawn = [a for lead_id in IDS if (a := assign(SPRING, lead_id, CREATED))]
    columns = np.array([[a.is_control, a.lot, a.explores] for a in drawn], dtype=float)
    assert np.abs(np.corrcoef(columns.T) - np.eye(3)).max() < 0.03


def test_the_work_probability_of_the_control_group_does_not_depend_on_the_score() -> None:
    for lead_id in IDS[:500]:
        assignment = assign(SPRING, lead_id, CREATED)
        assert assignment is not None
        by_score = {assignment.work_probability(is_hot=is_hot) for is_hot in (True, False)}
        assert by_score == ({0.3} if assignment.is_control else {1.0, 0.1})


@pytest.mark.parametrize(
    ("created", "takes_part"),
    [
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, tzinfo=UTC), True),
        (datetime(2026, 5, 31, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 6, 1, tzinfo=UTC), False),
        (None, False),
    ],
)
def test_leads_created_in_the_period_take_part_whenever_they_are_scored(
    created: datetime | None, takes_part: bool
) -> None:
    assert (assign(SPRING, "1", created) is not None) == takes_part
    assert assign(None, "1", CREATED) is None


def test_another_experiment_deals_anew() -> None:
    autumn = Experiment(name="autumn", starts=SPRING.starts, ends=SPRING.ends, control_percent=20)
    both = [(assign(SPRING, lead_id, CREATED), assign(autumn, lead_id, CREATED)) for lead_id in IDS]
    arms = np.array([[a.is_control, b.is_control] for a, b in both if a and b], dtype=float)
    assert abs(np.corrcoef(arms.T)[0, 1]) < 0.03
    assert assign(SPRING, "7", CREATED) == assign(SPRING, "7", CREATED + timedelta(days=9))
