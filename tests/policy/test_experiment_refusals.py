"""Mistakes in an experiment: refused with their field, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from leadwerk import policy
from leadwerk.errors import PolicyError

RIGHT = """\
name: mine
time_zone: Europe/Zurich
languages: [de]
horizon_days: 30
positive: [won]
signals: []
outcomes:
  - {status: Open, outcome: open}
  - {status: Won, outcome: won}
  - {status: Lost, outcome: lost}
actions:
  - {cluster: HOT, action: Call}
  - {cluster: WARM, action: Mail}
  - {cluster: COLD, action: Wait}
  - {cluster: DISQUALIFIED, action: Stop}
  - {cluster: UNSCORED, action: Look}
"""
EXPERIMENT = {"name": "spring", "starts": "2026-03-01", "ends": "2026-06-01"}


def parsed(**changes: Any) -> policy.Policy:
    data = yaml.safe_load(RIGHT)
    data["experiment"] = {**EXPERIMENT, **changes}
    return policy.parse(yaml.safe_dump(data))


def test_a_right_experiment_has_the_documented_defaults() -> None:
    experiment = parsed().experiment
    assert experiment is not None
    assert (experiment.control_percent, experiment.call_percent, experiment.exploration_percent) == (10, 30, 0)
    assert experiment.weigh_training is False


@pytest.mark.parametrize(
    ("changes", "field", "remedy"),
    [
        ({"ends": "2026-03-01"}, "experiment.ends", "first day after"),
        ({"ends": "soon"}, "experiment.ends", ""),
        ({"control_percent": 95}, "experiment.control_percent", "at most 90"),
        ({"control_percent": 0}, "experiment.control_percent", "Set one of the two"),
        ({"control_percent": -1}, "experiment.control_percent", ""),
        ({"call_percent": 0}, "experiment.call_percent", ""),
        ({"weigh_training": True}, "experiment.weigh_training", "exploration_percent"),
        ({"name": "Spring 2026"}, "experiment.name", ""),
        ({"controls": 3}, "experiment.controls", ""),
    ],
)
def test_mistakes_are_refused(changes: dict[str, Any], field: str, remedy: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parsed(**changes)
    assert caught.value.field == field
    assert remedy in caught.value.remedy
