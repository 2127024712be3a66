"""ingest_feedback: turns CRM changes into leads, touchpoints and outcomes; stores touchpoints that are sent to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import functions_framework
from msgspec import Meta

from leadwerk import settings
from leadwerk.pipeline import ingest, touchpoints, wiring
from leadwerk.pipeline.privacy import upkeep
from leadwerk.pipeline.touchpoints import TouchpointReport
from leadwerk.web import Request, entry


class Body(Request, frozen=True):
    """`from_start` ignores the cursor: for statuses that the policy has learnt since.

    `touchpoints` stores these and reads no CRM: each names its lead (`lead_id`, `email` or `phone`), `kind` and
    `occurred_at`.
    """

    from_start: bool = False
    touchpoints: Annotated[list[Any], Meta(max_length=1000)] | None = None


@functions_framework.http
@entry(Body)
def ingest_feedback(body: Body, now: datetime) -> ingest.IngestReport | TouchpointReport:
    config = settings.read()
    warehouse, policy, person_key = wiring.warehouse(config), wiring.policy(config), wiring.person_key(config)
    if body.touchpoints is not None:
        return touchpoints.run(warehouse, policy, body.touchpoints, now=now, person_key=person_key)
    report = ingest.run(
        warehouse, policy, wiring.crm(config), now=now, person_key=person_key, from_start=body.from_start
    )
    upkeep.run(warehouse, policy, secret=person_key, now=now)
    return report
