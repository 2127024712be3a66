"""Checks of the experiment: a period, and groups that leave something to compare."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.validation.errors import Problem

LARGEST_CONTROL_PERCENT = 90.0


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with the experiment."""
    experiment = policy.experiment
    if experiment is None:
        return
    if experiment.ends <= experiment.starts:
        message = f"the experiment ends on {experiment.ends}, which is not after its start on {experiment.starts}."
        yield ("experiment", "ends"), message, "Name the first day after the experiment."
    if experiment.control_percent > LARGEST_CONTROL_PERCENT:
        message = f"{experiment.control_percent:g} % in the control group leave too few leads with a score."
        yield ("experiment", "control_percent"), message, f"Use at most {LARGEST_CONTROL_PERCENT:g}; 50 tells most."
    if experiment.control_percent == experiment.exploration_percent == 0:
        message = "neither a control group nor exploration: nothing is measured."
        yield ("experiment", "control_percent"), message, "Set one of the two, or remove the experiment."
    if experiment.weigh_training and experiment.exploration_percent == 0:
        message = "without exploration no lead with a low score is HOT, and none can be weighed."
        yield ("experiment", "weigh_training"), message, "Set exploration_percent, or remove weigh_training."
