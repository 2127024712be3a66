"""Checks of the KPI limits: a range that exists, and segments where a KPI has any."""

from __future__ import annotations

from collections.abc import Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.validation.errors import Problem

OF_ALL_LEADS = ("hot_leads", "mean_score")
"""KPIs of the open leads together; they have no segments."""


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with the KPI limits."""
    for place, limit in enumerate(policy.kpi_limits):
        where = ("kpi_limits", place)
        if limit.at_least is None and limit.at_most is None:
            yield (*where, "kpi"), f"{limit.kpi} has no limit.", "Set at_least, at_most, or both."
        elif limit.at_least is not None and limit.at_most is not None and limit.at_least > limit.at_most:
            message = f"at_least {limit.at_least:g} lies above at_most {limit.at_most:g}."
            yield (*where, "at_least"), message, "Swap them."
        if limit.by is not None and limit.kpi in OF_ALL_LEADS:
            yield (*where, "by"), f"{limit.kpi} is counted for all leads together.", "Remove by and segment."
        if limit.segment is not None and limit.by is None:
            yield (*where, "segment"), f"which segmentation {limit.segment!r} belongs to is not said.", "Set by."
