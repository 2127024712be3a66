"""KPI limits of a policy: figures of the day that should alert somebody when they leave their range."""

from __future__ import annotations

from typing import Literal

from leadwerk.policy.section import PolicySection

Kpi = Literal["new_leads", "hot_leads", "mean_score", "conversion", "contacted", "contact_hours"]
Segmentation = Literal["language", "region", "channel", "industry", "seller"]


class KpiLimit(PolicySection, frozen=True):
    """The range of a KPI; outside of it there is an alert.

    `by`: each segment by language, region, channel, industry or seller has the range, or the one named in `segment`.
    A share leaves the range only when its whole 95 % interval does, so that chance alerts nobody.
    """

    kpi: Kpi
    at_least: float | None = None
    at_most: float | None = None
    by: Segmentation | None = None
    segment: str | None = None
