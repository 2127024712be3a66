"""Checks of the experiment: a period, and groups that leave something to compare."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem

LARGEST_CONTROL_PERCENT = 90.0


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with the experiment."""
    experiment = policy.experiment
    if experiment is None:
        return
    if experiment.ends <= experiment.starts:
        path = ("experiment", "ends")
        yield Problem.of(path, "policy.experiment.ends", ends=experiment.ends, starts=experiment.starts)
    if experiment.control_percent > LARGEST_CONTROL_PERCENT:
        percent, most = f"{experiment.control_percent:g}", f"{LARGEST_CONTROL_PERCENT:g}"
        yield Problem.of(("experiment", "control_percent"), "policy.experiment.control", percent=percent, most=most)
    if experiment.control_percent == experiment.exploration_percent == 0:
        yield Problem.of(("experiment", "control_percent"), "policy.experiment.nothing")
    if experiment.weigh_training and experiment.exploration_percent == 0:
        yield Problem.of(("experiment", "weigh_training"), "policy.experiment.weigh")
