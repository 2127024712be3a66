"""extract_features: GA4 events become activity, day by day; {"intraday_only": true} rebuilds today only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import functions_framework

from leadwerk import settings
from leadwerk.entrypoint import Request, entry
from leadwerk.errors import InputError
from leadwerk.pipeline import extract, wiring


class Body(Request, frozen=True):
    """Without days: yesterday, the three days before, which GA4 still corrects, today so far, and what was missed."""

    first_day: date | None = None
    last_day: date | None = None
    intraday_only: bool = False


@functions_framework.http
@entry(Body)
def extract_features(body: Body, now: datetime) -> Any:
    here = settings.read()
    policy = wiring.policy(here)
    first, last = body.first_day, body.last_day
    if body.intraday_only:
        if first or last:
            raise InputError(
                "intraday_only goes with no days.", field="intraday_only", remedy="Leave out first_day and last_day."
            )
        first = last = now.astimezone(ZoneInfo(policy.time_zone)).date()
    return extract.run(wiring.warehouse(here), policy, now=now, first_day=first, last_day=last)
