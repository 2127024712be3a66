"""Review of the month: errors both ways with their reasons, verdicts, lost reasons, drift, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta, Struct

from leadwerk.pipeline.audit.trail import AuditEntry, AuditFilter, read_trail
from leadwerk.pipeline.desk.review import Month, Review, ReviewedLead, read_review
from leadwerk.pipeline.desk.stored_reasons import reason_details, reasons_of_scores
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson
from leadwerk.web import Answer
from leadwerk.web.pages.act_names import act_name
from leadwerk.web.pages.cached import cached
from leadwerk.web.pages.lead_view import counted_in, reason_views
from leadwerk.web.pages.operations import champion_drift
from leadwerk.web.pages.rendering import render, style_sheet
from leadwerk.web.pages.rule_views import suggestion_views
from leadwerk.web.pages.site import lead_path
from leadwerk.web.pages.table_csv import csv_answer
from leadwerk.web.pages.visit import Visit

MOST_SHOWN = 50
LEAST = 20  # ended leads; below, a share says nothing
DECISIONS = (
    "publish", "revert", "suggestion_accepted", "suggestion_declined", "threshold_hold", "threshold_release",
    "model_promoted", "promote", "rollback",
)  # fmt: skip
REASONS = 3


class ReviewForm(Struct, frozen=True):
    """The month, such as 2026-05; without one, the month before."""

    month: Annotated[str, Meta(max_length=7)] | None = None


@dataclass(frozen=True)
class LeadView:
    """A lead whose first score was wrong: value, reasons, outcome, and the seller's verdict."""

    lead_id: str
    value: str
    cluster: str
    reasons: str
    end: str
    verdict: str


def show(visit: Visit, form: ReviewForm) -> Answer:
    """The page; printed, it is the paper for a meeting."""
    return _page(visit, form, MOST_SHOWN, as_file=False)


def file(visit: Visit, form: ReviewForm) -> Answer:
    """The review with all its leads as one HTML file, which opens and prints without the desk."""
    page = _page(visit, form, None, as_file=True)
    name = _read(visit, form)[1].month.name
    return replace(page, headers={**page.headers, "Content-Disposition": f'attachment; filename="review-{name}.html"'})


def _page(visit: Visit, form: ReviewForm, most: int | None, *, as_file: bool) -> Answer:
    wording, review = _read(visit, form)
    wrong = [*review.false_positives[:most], *review.false_negatives[:most]]
    views = {view.lead_id: view for view in _views(visit, wording, wrong)}
    return render(
        visit,
        "review.html",
        menu_entry="review",
        as_file=as_file,
        style=style_sheet(),
        lead_path=lead_path,
        review=review,
        months=_months(visit, review.month),
        answer=answer(wording, review),
        too_high=[views[lead.lead_id] for lead in review.false_positives[:most]],
        too_low=[views[lead.lead_id] for lead in review.false_negatives[:most]],
        verdicts=[(*_verdict(visit, wording, *key), wording.number(count)) for key, count in review.verdicts],
        lost=[(status, wording.number(count)) for status, count in review.lost_statuses],
        decisions=_decisions(visit, wording, review.month),
        suggestions=_suggestions(visit, wording),
        drift=champion_drift(visit, wording),
    )


def download(visit: Visit, form: ReviewForm) -> Answer:
    """All leads whose first score was wrong, as CSV."""
    wording, review = _read(visit, form)
    names = ("lead", "score", "cluster", "why", "state", "verdict")
    head = [wording.say(f"page.{name}") for name in names]
    views = _views(visit, wording, [*review.false_positives, *review.false_negatives])
    rows = [(v.lead_id, v.value, v.cluster, v.reasons, v.end, v.verdict) for v in views]
    return csv_answer(f"review-{review.month.name}", [head, *rows])


def _read(visit: Visit, form: ReviewForm) -> tuple[Wording, Review]:
    wording = Wording(visit.policy, visit.language, visit.now)
    month = Month.of(form.month, visit.policy, visit.now)
    return wording, read_review(visit.warehouse, visit.policy, month, visit.now)


def _months(visit: Visit, chosen: Month) -> list[str]:
    """The twelve months before now, and the chosen one."""
    today = Wording(visit.policy, visit.language, visit.now).local(visit.now)
    # Months counted from year 0, so that going back over a new year needs no case of its own.
    numbers = [today.year * 12 + today.month - 1 - back for back in range(13)]
    names = [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]
    return sorted({*names, chosen.name}, reverse=True)


def answer(wording: Wording, review: Review) -> str:
    """Did the order help? Compares what became of HOT leads with the others, by their 95 % intervals."""
    (hot, hot_won), (rest, rest_won) = review.ended(is_hot=True), review.ended(is_hot=False)
    if min(hot, rest) < LEAST:
        return wording.say("page.review.few", count=hot + rest)
    figures = {
        "hot": wording.number(hot),
        "rest": wording.number(rest),
        "hot_rate": wording.percent(hot_won / hot, 1),
        "rest_rate": wording.percent(rest_won / rest, 1),
    }
    (low_hot, high_hot), (low_rest, high_rest) = wilson(hot_won / hot, hot), wilson(rest_won / rest, rest)
    # Intervals that do not overlap are a stricter test than their difference: the page would rather say "chance" once
    # too often.
    if low_hot > high_rest:
        return wording.say("page.review.yes", **figures)
    return wording.say("page.review.no" if high_hot < low_rest else "page.review.chance", **figures)


def _views(visit: Visit, wording: Wording, leads: Sequence[ReviewedLead]) -> list[LeadView]:
    reasons = reasons_of_scores(visit.warehouse, leads)
    views = []
    for lead in leads:
        details = reason_details(reasons.get(lead.score_id, ()), visit.language)
        counted = counted_in(lead.basis, lead.score_cluster, lead.decided_by)
        texts = [reason.signed for reason in reason_views(wording, details, counted)[:REASONS]]
        score = lead.predictive_score
        verdict, reason = _verdict(visit, wording, lead.verdict, lead.reason)
        opinion = (lead.seller, verdict, reason, lead.note) if verdict else ()
        views.append(
            LeadView(
                lead_id=lead.lead_id,
                value=wording.number(score) if score is not None else wording.points(lead.points or 0.0),
                cluster=wording.cluster(lead.score_cluster),
                reasons="; ".join(texts),
                end=f"{lead.status}, {wording.day(lead.ended_at)}" if lead.ended_at else "",
                verdict=" · ".join(filter(None, opinion)),
            )
        )
    return views


def _verdict(visit: Visit, wording: Wording, verdict: str | None, reason: str | None) -> tuple[str, str]:
    labels = {
        reason_entry.name: reason_entry.labels.get(visit.language, reason_entry.name)
        for reason_entry in visit.policy.verdict_reasons
    }
    return (wording.say(f"page.verdict.{verdict}") if verdict else "", labels.get(reason or "", reason or ""))


def _decisions(visit: Visit, wording: Wording, month: Month) -> list[tuple[str, str, str, str, str]]:
    """What people, or the promotion gate, decided in the month."""
    filters = AuditFilter(since=month.since, until=min(month.until, visit.now))

    def read() -> list[AuditEntry]:
        return [act for act in read_trail(visit.warehouse, filters) if act.action.startswith(DECISIONS)]

    return [
        (
            wording.moment(act.occurred_at),
            act.actor or "Leadwerk",
            act_name(wording, act.action),
            act.object or "",
            act.reason or "",
        )
        for act in cached(("decisions", month), read)
    ]


def _suggestions(visit: Visit, wording: Wording) -> list[tuple[str, str, str, str, str]]:
    """What outcomes suggest for the policy in force, with the decisions on it."""
    from leadwerk.pipeline.policies.suggest import proposals

    views = suggestion_views(wording, proposals(visit.warehouse, visit.policy, visit.now))
    return [(view.label, view.before, view.after, view.evidence, view.decision) for view in views]
