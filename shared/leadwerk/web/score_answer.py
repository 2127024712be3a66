"""Answer of the function `score`: the scores, what was refused, and what went wrong around them."""

from __future__ import annotations

from msgspec import Struct

from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRefusal, ScoreReport
from leadwerk.web.problem_document import ProblemDocument, problem


class RefusedLead(ProblemDocument, frozen=True, kw_only=True, omit_defaults=True):
    """The problem of the request at `index`."""

    index: int
    lead_id: str | None


class ScoreAnswer(Struct, frozen=True, kw_only=True):
    """Each request is in exactly one of `scores` and `errors`; `dead_letter` of the scores were refused by the CRM.

    `model_problem`: why the champion cannot be used. `delivery_problem`: why the CRM was not reached.
    """

    model_version: str | None
    scored: int
    refused: int
    dead_letter: int
    errors: list[RefusedLead]
    scores: list[ScoredLead]
    model_problem: str | None
    delivery_problem: str | None


def score_answer(
    report: ScoreReport, scores: list[ScoredLead], *, model_problem: str | None, delivery_problem: str | None
) -> ScoreAnswer:
    """The answer for a report whose `scores` now have their delivery states."""
    return ScoreAnswer(
        model_version=report.model_version,
        scored=len(scores),
        refused=len(report.refusals),
        dead_letter=sum(scored.delivery == "dead_letter" for scored in scores),
        errors=[_refused_lead(refusal) for refusal in report.refusals],
        scores=scores,
        model_problem=model_problem,
        delivery_problem=delivery_problem,
    )


def _refused_lead(refusal: ScoreRefusal) -> RefusedLead:
    # Built, not converted: the value that was refused may be of any type.
    return RefusedLead(**problem(refusal.error), index=refusal.index, lead_id=refusal.lead_id)
