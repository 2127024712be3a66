"""Checks of the KPI limits: a range that exists, and segments where a KPI has any."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem

OF_ALL_LEADS = ("hot_leads", "mean_score")
"""KPIs of the open leads together; they have no segments."""


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with the KPI limits."""
    for place, limit in enumerate(policy.kpi_limits):
        where = ("kpi_limits", place)
        if limit.at_least is None and limit.at_most is None:
            yield Problem.of((*where, "kpi"), "policy.kpi.none", kpi=limit.kpi)
        elif limit.at_least is not None and limit.at_most is not None and limit.at_least > limit.at_most:
            low, high = f"{limit.at_least:g}", f"{limit.at_most:g}"
            yield Problem.of((*where, "at_least"), "policy.kpi.order", low=low, high=high)
        if limit.by is not None and limit.kpi in OF_ALL_LEADS:
            yield Problem.of((*where, "by"), "policy.kpi.all", kpi=limit.kpi)
        if limit.segment is not None and limit.by is None:
            yield Problem.of((*where, "segment"), "policy.kpi.segment", segment=limit.segment)
