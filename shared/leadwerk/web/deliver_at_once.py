"""Delivery after scoring: sends the scores just stored and reports the delivery state of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from leadwerk.errors import LeadwerkError, WarehouseError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.serving.messages import ScoredLead, deliverable, with_deliveries
from leadwerk.pipeline.serving.runtime_cache import current_runtime


def deliver_at_once(scores: list[ScoredLead], now: datetime) -> tuple[list[ScoredLead], str | None]:
    """The scores with their delivery state, and the problem if any; `deliver_scores` retries what was not sent.

    A score is `sent` only if its last attempt in `deliveries` is.
    """
    if not deliverable(scores):
        return scores, None
    try:
        states, problem = _states(scores, now)
    except WarehouseError as error:  # without the outbox every state is unknown, reported as pending
        return with_deliveries(scores, {}), error.message
    return with_deliveries(scores, states), problem


def _states(scores: Sequence[ScoredLead], now: datetime) -> tuple[dict[str, str], str | None]:
    """Score id → state of the last attempt, and the problem if the CRM was not reached.

    Raises:
        WarehouseError: the outbox cannot be read or written.
    """
    from leadwerk.pipeline import deliver

    runtime, leads = current_runtime(), deliverable(scores)
    states: dict[str, str] = {}
    try:
        crm, selection = wiring.crm(runtime.settings), deliver.OutboxSelection(lead_ids=leads)
        report = deliver.run(runtime.warehouse, runtime.policy, crm, now=now, selection=selection)
        states, problem = report.states, report.stopped
    except WarehouseError:
        raise
    except LeadwerkError as error:
        problem = error.message
    # Not attempted by this run: sent before, refused before, in back-off, or overtaken.
    unattempted = [score.lead_id for score in scores if score.lead_id in leads and score.score_id not in states]
    recorded = deliver.recorded_states(runtime.warehouse, runtime.policy, unattempted, now) if unattempted else {}
    return recorded | states, problem
