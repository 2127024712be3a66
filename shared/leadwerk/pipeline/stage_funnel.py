"""Stage funnel: by stage and month of entry, how many leads reached a later stage within its horizon."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from leadwerk.pipeline.leads.stage_model import horizon_days
from leadwerk.points.stages import forward_path
from leadwerk.policy.model import Policy
from leadwerk.report.stage_conversion import StageConversion, StageFunnel
from leadwerk.stats.wilson import wilson
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class FunnelCount(Struct, frozen=True, kw_only=True):
    """A row of stage_changes/funnel."""

    month: date
    stage: str
    place: int
    entered: int
    matured: int
    advanced: int


def read_funnel(warehouse: Warehouse, policy: Policy, *, days: int, now: datetime) -> StageFunnel:
    """The funnel of leads that entered a stage in the last `days`, as of `now` (aware, UTC)."""
    since = (now - timedelta(days=days)).date()
    way = [
        {"stage": stage.name, "place": place, "horizon_days": horizon}
        for place, (stage, horizon) in enumerate(zip(forward_path(policy), horizon_days(policy), strict=True))
    ]
    # A way of one stage leads nowhere, and in the last stage nothing follows.
    if len(way) < 2:
        return StageFunnel(since, (), ())
    parameters = {"way": way, "first_day": since, "as_of": now}
    counts = warehouse.rows(statement("stage_changes/funnel", FunnelCount), parameters)
    steps = [count for count in counts if count.place < len(way) - 1]
    return StageFunnel(
        since,
        tuple(
            _conversion(policy, entered, None)
            for place in range(len(way) - 1)
            if (entered := [count for count in steps if count.place == place])
        ),
        tuple(_conversion(policy, [count], count.month) for count in steps),
    )


def _conversion(policy: Policy, counts: list[FunnelCount], month: date | None) -> StageConversion:
    place = counts[0].place
    matured, advanced = sum(count.matured for count in counts), sum(count.advanced for count in counts)
    low, high = wilson(advanced / matured, matured) if matured else (None, None)
    return StageConversion(
        stage=counts[0].stage,
        next_stage=forward_path(policy)[place + 1].name,
        horizon_days=horizon_days(policy)[place],
        month=month,
        entered=sum(count.entered for count in counts),
        matured=matured,
        advanced=advanced,
        rate=advanced / matured if matured else None,
        low=low,
        high=high,
    )
