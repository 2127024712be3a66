"""The rules that hold between the fields of a policy, beyond the shape of each."""

from __future__ import annotations

from leadwerk.policy.checks import bands, behaviour, classes, frame, groups, outcomes, rules, segments, selling, stages
from leadwerk.policy.checks.problem import Problem
from leadwerk.policy.facts import RESERVED_NAMES
from leadwerk.policy.model import Policy

__all__ = ["RESERVED_NAMES", "Problem", "problems"]

_SECTIONS = (frame, behaviour, classes, outcomes, bands, groups, rules, stages, selling, segments)


def problems(policy: Policy) -> list[Problem]:
    """Everything that does not fit together, as (path, message, remedy)."""
    return [problem for section in _SECTIONS for problem in section.problems(policy)]
