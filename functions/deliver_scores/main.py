"""deliver_scores: sends the scores in the outbox to the CRM, and carries out workflows.

{"retry_dead_letters": true} retries dead letters too; {"workflows": true} carries out workflows and sends no scores.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import functions_framework
from msgspec import Meta

from leadwerk import settings
from leadwerk.pipeline import deliver, wiring
from leadwerk.pipeline.workflows import stage as workflows
from leadwerk.pipeline.workflows.stage import WorkflowReport
from leadwerk.web import Request, entry

LeadId = Annotated[str, Meta(min_length=1, max_length=200)]


class Body(Request, frozen=True):
    """`workflows` carries out what follows from changes of leads, and sends no scores.

    `lead_ids` restricts the delivery to these leads; default: all leads with a score that the CRM lacks.

    `dead_letter_code` retries only the dead letters of this code.
    """

    lead_ids: Annotated[list[LeadId], Meta(max_length=1000)] | None = None
    retry_dead_letters: bool = False
    workflows: bool = False
    dead_letter_code: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


@functions_framework.http
@entry(Body)
def deliver_scores(body: Body, now: datetime) -> deliver.DeliverReport | WorkflowReport:
    config = settings.read()
    if body.workflows:
        policy = wiring.policy(config)
        with wiring.lease(config, "workflows"):
            return workflows.run(wiring.warehouse(config), policy, wiring.receivers(config, policy), now=now)
    with wiring.lease(config, "deliver"):
        return deliver.run(
            wiring.warehouse(config),
            wiring.policy(config),
            wiring.crm(config),
            now=now,
            selection=deliver.OutboxSelection(
                lead_ids=body.lead_ids,
                retry_dead_letters=body.retry_dead_letters,
                dead_letter_code=body.dead_letter_code,
            ),
        )
