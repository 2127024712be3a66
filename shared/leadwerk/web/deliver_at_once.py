"""Delivery after scoring: sends the scores just stored and reports the delivery state of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from leadwerk.errors import LeadwerkError, WarehouseError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.serving.messages import ScoredLead, deliverable, with_deliveries
from leadwerk.pipeline.serving.runtime_cache import current_runtime
from leadwerk.warehouse.records import ScoreRow


def deliver_at_once(
    scores: list[ScoredLead], now: datetime, new_scores: Sequence[ScoreRow] = ()
) -> tuple[list[ScoredLead], str | None]:
    """The scores with their delivery state, and the problem if any; `deliver_scores` retries what was not sent.

    `new_scores`: rows stored by this request, which are sent as they are; the outbox may not show them yet. A score is
    `sent` only if its last attempt is.
    """
    if not deliverable(scores):
        return scores, None
    try:
        states, problem = _states(scores, now, new_scores)
    except WarehouseError as error:  # without the outbox every state is unknown, reported as pending
        return with_deliveries(scores, {}), error.message
    return with_deliveries(scores, states), problem


def _states(
    scores: Sequence[ScoredLead], now: datetime, new_scores: Sequence[ScoreRow]
) -> tuple[dict[str, str], str | None]:
    """Score id → state of the last attempt, and the problem if the CRM was not reached.

    Raises:
        WarehouseError: the outbox cannot be read or written.
    """
    from leadwerk.pipeline import deliver

    runtime, leads = current_runtime(), deliverable(scores)
    fresh = [row for row in new_scores if row.lead_id in leads]
    stored_before = sorted(set(leads) - {row.lead_id for row in fresh})
    states: dict[str, str] = {}
    problem = None
    try:
        crm = wiring.crm(runtime.settings)
        work = (runtime.warehouse, runtime.policy, crm)
        reports = [deliver.send_stored(*work, fresh, now=now)] if fresh else []
        if stored_before:
            reports.append(deliver.run(*work, now=now, selection=deliver.OutboxSelection(lead_ids=stored_before)))
        states = {score_id: state for report in reports for score_id, state in report.states.items()}
        problem = next((report.stopped for report in reports if report.stopped), None)
    except WarehouseError:
        raise
    # The score is stored already: a CRM that fails must not fail the request.
    except LeadwerkError as error:
        problem = error.message
    # Not attempted by this run: sent before, refused before, in back-off, or overtaken. A fresh one is pending then.
    stale = set(stored_before)
    unattempted = [score.lead_id for score in scores if score.lead_id in stale and score.score_id not in states]
    recorded = deliver.recorded_states(runtime.warehouse, runtime.policy, unattempted, now) if unattempted else {}
    return recorded | states, problem
