"""Batch of leads to score: the shape of one lead costs that lead, the others are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from leadwerk.errors import InputError
from leadwerk.pipeline.serving.messages import ScoreRefusal, ScoreReport, ScoreRequest
from leadwerk.web import not_as_described
from leadwerk.web.described import described


def score_batch(items: Sequence[Any], run: Callable[[list[ScoreRequest]], ScoreReport]) -> ScoreReport:
    """The report of `run` over the items that are requests, with a refusal for each other one, by their index."""
    requests: dict[int, ScoreRequest] = {}
    refusals: list[ScoreRefusal] = []
    for index, item in enumerate(items):
        try:
            requests[index] = item if isinstance(item, ScoreRequest) else described(item, ScoreRequest)
        # One wrong lead costs only itself; the others of the batch are scored.
        except msgspec.ValidationError as error:
            refusals.append(ScoreRefusal(index, _id_of(item), _of_lead(index, error)))
    report = run([*requests.values()])
    indexes = [*requests]
    scores = [msgspec.structs.replace(score, index=indexes[score.index]) for score in report.scores]
    refusals += [ScoreRefusal(indexes[refusal.index], refusal.lead_id, refusal.error) for refusal in report.refusals]
    by_index = sorted(refusals, key=lambda refusal: refusal.index)
    return ScoreReport(report.model_version, report.scored_at, scores, by_index, report.new_scores)


def _of_lead(index: int, error: msgspec.ValidationError) -> InputError:
    described_error = not_as_described(error)
    field = (described_error.field or "body").removeprefix("$.")
    where = f"leads[{index}]" if field == "body" else f"leads[{index}].{field}"
    return InputError(described_error.message, field=where, remedy=described_error.remedy)


def _id_of(item: Any) -> str | None:
    stated = item.get("lead_id") if isinstance(item, dict) else None
    return str(stated)[:200] if isinstance(stated, (str, int)) and not isinstance(stated, bool) else None
