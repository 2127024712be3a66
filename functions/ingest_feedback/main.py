"""ingest_feedback: turns CRM changes into leads, touchpoints and outcomes; stores touchpoints that are sent to it.
With {"enrich": true} it asks registries and language models for missing facts of companies, and reads no CRM.

POST /crm takes the CRM's webhooks, POST /pubsub what Pub/Sub pushes (leadwerk.web.events).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import functions_framework
from msgspec import Meta

from leadwerk import settings
from leadwerk.pipeline import ingest, touchpoints, wiring
from leadwerk.pipeline.enrichment import stage as enrichment
from leadwerk.pipeline.enrichment.providers import connect
from leadwerk.pipeline.privacy import upkeep
from leadwerk.pipeline.run_limit import IN_A_FUNCTION
from leadwerk.pipeline.touchpoints import TouchpointReport
from leadwerk.web import Request, Response, entry, events


class Body(Request, frozen=True):
    """`from_start` ignores the cursor: for statuses that the policy has learnt since.

    `touchpoints` stores these and reads no CRM: each names its lead (`lead_id`, `email` or `phone`), `kind` and
    `occurred_at`; a use of a calculator also its amounts.

    `enrich` asks the policy's providers for missing facts of companies, within the day's budget, and reads no CRM.
    """

    from_start: bool = False
    enrich: bool = False
    touchpoints: Annotated[list[Any], Meta(max_length=1000)] | None = None


@entry(Body, stage="ingest_feedback")
def read_feedback(body: Body, now: datetime) -> ingest.IngestReport | TouchpointReport | enrichment.EnrichReport:
    """Read what changed in the CRM, store touchpoints, or ask for facts of companies."""
    config = settings.read()
    warehouse, policy, person_key = wiring.warehouse(config), wiring.policy(config), wiring.person_key(config)
    if body.enrich:
        with wiring.lease(config, "enrich"):
            return enrichment.run(warehouse, policy, connect(config, policy), now=now)
    # An empty list is a request too: it stores nothing, and must not start a read of the CRM.
    if body.touchpoints is not None:
        return touchpoints.run(warehouse, policy, body.touchpoints, now=now, person_key=person_key)
    options = ingest.IngestOptions(body.from_start, IN_A_FUNCTION)
    report = ingest.run(warehouse, policy, wiring.crm(config), now=now, person_key=person_key, options=options)
    # After every ingestion: the CRM may have brought an erased person back.
    upkeep.run(warehouse, policy, secret=person_key, now=now)
    return report


@functions_framework.http
def ingest_feedback(http: Any) -> Response:
    return events.receive(http) if events.is_event_path(http.path) else read_feedback(http)
