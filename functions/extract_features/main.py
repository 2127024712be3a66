"""extract_features: GA4 events become activity, day by day; {"intraday": true} reads what came since the night."""

from __future__ import annotations

from datetime import date, datetime

import functions_framework

from leadwerk import settings
from leadwerk.pipeline import extract, wiring
from leadwerk.pipeline.extract_messages import ExtractReport, RequestedDays
from leadwerk.web import Request, entry


class Body(Request, frozen=True):
    """Days to rebuild; default: today, the four days before (GA4 corrects them) and days missed by earlier runs."""

    first_day: date | None = None
    last_day: date | None = None
    intraday: bool = False


@functions_framework.http
@entry(Body)
def extract_features(body: Body, now: datetime) -> ExtractReport:
    config = settings.read()
    return extract.run(
        wiring.warehouse(config),
        wiring.policy(config),
        now=now,
        requested=RequestedDays(body.first_day, body.last_day, body.intraday),
        person_key=wiring.person_key(config),
    )
