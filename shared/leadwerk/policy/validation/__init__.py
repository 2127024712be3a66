"""The rules that hold between the fields of a policy, beyond the shape of each."""

from __future__ import annotations

from leadwerk.policy.facts import RESERVED_NAMES
from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem
from leadwerk.policy.validation import (
    bands,
    behaviour,
    capacity,
    classes,
    enrichment,
    experiment,
    general,
    groups,
    kpi_limits,
    outcomes,
    rules,
    segments,
    stages,
    workflows,
)

__all__ = ["RESERVED_NAMES", "Problem", "problems"]

_SECTIONS = (
    general, behaviour, classes, outcomes, bands, groups, rules, stages, capacity, segments, experiment, kpi_limits,
    workflows, enrichment,
)  # fmt: skip


def problems(policy: Policy) -> list[Problem]:
    """Everything that does not fit together."""
    # Every section is checked even if one has problems: a person mends the file once, not ten times.
    return [problem for section in _SECTIONS for problem in section.problems(policy)]
