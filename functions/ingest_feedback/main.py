"""ingest_feedback: turns CRM changes into leads, touchpoints and outcomes."""

from __future__ import annotations

from datetime import datetime

import functions_framework

from leadwerk import settings
from leadwerk.pipeline import ingest, wiring
from leadwerk.pipeline.privacy import upkeep
from leadwerk.web import Request, entry


class Body(Request, frozen=True):
    """`from_start` ignores the cursor: for statuses that the policy has learnt since."""

    from_start: bool = False


@functions_framework.http
@entry(Body)
def ingest_feedback(body: Body, now: datetime) -> ingest.IngestReport:
    config = settings.read()
    warehouse, policy, person_key = wiring.warehouse(config), wiring.policy(config), wiring.person_key(config)
    report = ingest.run(
        warehouse, policy, wiring.crm(config), now=now, person_key=person_key, from_start=body.from_start
    )
    upkeep.run(warehouse, policy, secret=person_key, now=now)
    return report
