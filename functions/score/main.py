"""score: scores leads with reasons, stores and delivers the scores; {"rescore": true} rescores all open leads."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

import functions_framework
from msgspec import Meta

from leadwerk.pipeline import rescore, score as scoring
from leadwerk.pipeline.bulk import remote_scoring as remote
from leadwerk.pipeline.serving.messages import Text, requests
from leadwerk.pipeline.serving.runtime_cache import current_runtime as runtime
from leadwerk.pipeline.serving.shared_scoring import SharedScoring
from leadwerk.web import Request, entry
from leadwerk.web.deliver_at_once import deliver_at_once
from leadwerk.web.lead_batch import score_batch
from leadwerk.web.remote import also_from_bigquery
from leadwerk.web.score_answer import ScoreAnswer, score_answer


class Body(Request, frozen=True):
    """One lead, or up to 1,000 in `leads`; `dry_run` stores nothing; `deliver` sends the stored scores to the CRM.

    Each of `leads` is a ScoreRequest, read by itself: the shape of one costs that lead.
    """

    leads: Annotated[list[Any], Meta(min_length=1, max_length=1000)] | None = None
    lead_id: Text | int | None = None
    ga_client_id: Text | None = None
    form: dict[str, Any] | None = None
    dry_run: bool = False
    deliver: bool = True
    rescore: bool | Literal["closed", "left"] = False

    def stores_rows(self) -> bool:
        return not self.dry_run


SINGLE = SharedScoring(scoring.run)  # requests that arrive together are scored in one statement


@functions_framework.http
@also_from_bigquery(lambda rows: remote.run(runtime().champions.scorer(), runtime().policy, rows, runtime().hot()))
@entry(Body)
def score(body: Body, now: datetime) -> ScoreAnswer | rescore.RescoreReport:
    requested, serving, clock = requests(body), runtime(), datetime.now(UTC)
    if body.rescore:
        work = (serving.warehouse, serving.policy, serving.champions.scorer())
        return rescore.run(*work, now=now, stored_at=clock, options=rescore.requested(body.rescore))
    run = serving.scoring_run(now=now, stored_at=clock, store=not body.dry_run)
    single = body.leads is None and body.now is None
    report = SINGLE.score(run, requested[0]) if single else score_batch(requested, partial(scoring.run, run))
    if report.refusals and body.leads is None:
        raise report.refusals[0].error
    new = report.scores, report.scored_at, report.new_scores
    scores, trouble = deliver_at_once(*new) if body.deliver else (report.scores, None)
    return score_answer(report, scores, model_problem=serving.champions.problem, delivery_problem=trouble)
