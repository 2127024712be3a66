"""Shared scoring: requests that arrive while others are scored wait, and are then scored together by one query.

A query for eight leads takes hardly longer than one for a single lead. A request that comes alone is scored alone, at
once. Right after a scoring of several, the next waits for as many again, at most PATIENCE of the time that one took:
callers that send one request after another would else be scored in turns, first one of them, then all others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from leadwerk.errors import CODE_FAULTS, LeadwerkError, WarehouseBusy
from leadwerk.pipeline.serving.messages import ScoreReport, ScoreRequest
from leadwerk.pipeline.serving.scoring_run import ScoringRun

Run = Callable[[ScoringRun, Sequence[ScoreRequest]], ScoreReport]
MOST = 32
"""Requests that are scored together."""
PATIENCE = 0.25
"""Share of the last scoring's time that the next may wait for requests to come."""


@dataclass
class _Ticket:
    """A request that waits: for its report, for an error, or to lead the next scoring."""

    context: ScoringRun
    request: ScoreRequest
    woken: threading.Event = field(default_factory=threading.Event)
    report: ScoreReport | None = None
    error: BaseException | None = None

    def leads(self) -> set[str]:
        """Ids that the request states: two requests for one lead are scored one after the other."""
        stated = [self.request.lead_id, (self.request.form or {}).get("lead_id"), self.request.ga_client_id]
        return {str(value) for value in stated if value is not None}


class SharedScoring:
    """Scores single requests of many threads. `run` is the stage."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._queue: list[_Ticket] = []
        self._busy = False
        self._crowd, self._until = 1, 0.0  # requests to wait for, and up to which moment of the monotonic clock

    def score(self, context: ScoringRun, request: ScoreRequest) -> ScoreReport:
        """The report of one request, as of `context.now` or, where it was scored with later ones, of theirs.

        Raises:
            LeadwerkError: the scoring as a whole failed.
        """
        ticket = _Ticket(context, request)
        with self._lock:
            self._queue.append(ticket)
            self._arrived.notify()
            leads, self._busy = not self._busy, True
        if not leads:
            ticket.woken.wait()
        if ticket.report is None and ticket.error is None:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.report is not None
        return ticket.report

    def _lead(self) -> None:
        """Score the requests that wait, and let the first that came meanwhile lead the next scoring."""
        with self._lock:
            self._arrived.wait_for(lambda: len(self._queue) >= self._crowd, self._until - time.monotonic())
            together = list(_together(self._queue))
            self._queue = [ticket for ticket in self._queue if ticket not in together]
        started = time.monotonic()
        try:
            self._score(together)
        finally:
            with self._lock:
                ended = time.monotonic()
                self._crowd = min(MOST, len(together) + len(self._queue))
                self._until = ended + PATIENCE * (ended - started)
                follower = self._queue[0] if self._queue else None
                self._busy = follower is not None
            for ticket in together:
                # Where the machine failed (no memory, no disk) the leader raises; the others must not wait for ever.
                if ticket.report is None and ticket.error is None:
                    ticket.error = WarehouseBusy("The scoring was interrupted.", remedy="Send the request again.")
                ticket.woken.set()
            if follower is not None:
                follower.woken.set()

    def _score(self, together: Sequence[_Ticket]) -> None:
        latest = max(ticket.context.now for ticket in together)
        stored = max(ticket.context.stored_at for ticket in together)
        context = replace(together[0].context, now=latest, stored_at=stored)
        try:
            report = self._run(context, [ticket.request for ticket in together])
        except LeadwerkError as error:
            for ticket in together:
                ticket.error = error
        # One request that we did not foresee must not cost the others: each is scored by itself.
        except CODE_FAULTS as error:
            if len(together) == 1:
                together[0].error = error
            for ticket in together if len(together) > 1 else ():
                self._score([ticket])
        else:
            for index, ticket in enumerate(together):
                ticket.report = _only(report, index)


def _together(queue: Sequence[_Ticket]) -> Iterator[_Ticket]:
    """The first request, and those after it that are scored in the same way and concern other leads."""
    first, lead_ids = queue[0], set[str]()
    for ticket in queue[:MOST]:
        alike = replace(ticket.context, now=first.context.now, stored_at=first.context.stored_at) == first.context
        if alike and not lead_ids & ticket.leads():
            lead_ids |= ticket.leads()
            yield ticket


def _only(report: ScoreReport, index: int) -> ScoreReport:
    """The part of a report that answers one request."""
    scores = [msgspec.structs.replace(scored, index=0) for scored in report.scores if scored.index == index]
    refusals = [replace(refusal, index=0) for refusal in report.refusals if refusal.index == index]
    ids = {scored.score_id for scored in scores}
    new_scores = tuple(row for row in report.new_scores if row.score_id in ids)
    return replace(report, scores=scores, refusals=refusals, new_scores=new_scores)
