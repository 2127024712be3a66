"""Thresholds: where HOT starts, what each threshold would bring, and what a person holds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from leadwerk.errors import InputError
from leadwerk.report.threshold_outlook_table import OutlookEstimate
from leadwerk.report.wording import Wording
from leadwerk.scoring.seller_pools import Basis
from leadwerk.texts.message import Message
from leadwerk.web import Answer
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.visit import Visit

if TYPE_CHECKING:
    from leadwerk.report.threshold_outlook_table import Outlook

# Every fifth threshold is shown, and those that matter.
STEP = 5


class ThresholdsForm(Struct, frozen=True):
    """An assumed team: number of `sellers`, and `hours` a week of each."""

    sellers: Annotated[int, Meta(ge=1, le=200)] | None = None
    hours: Annotated[float, Meta(ge=1, le=168)] | None = None


class HoldForm(Struct, frozen=True):
    """A threshold to hold, with reason and last day."""

    basis: Literal["model", "points"] = "model"
    hot: int | None = None
    reason: str | None = None
    until: date | None = None
    seller_pool: str = ""


def show(visit: Visit, form: ThresholdsForm) -> Answer:
    """The page."""
    from leadwerk.pipeline.thresholds.daily import current_thresholds
    from leadwerk.pipeline.thresholds.forecast import threshold_outlook, with_team
    from leadwerk.scoring.seller_pools import threshold_limits

    wording = Wording(visit.policy, visit.language, visit.now)
    report = current_thresholds(visit.warehouse, visit.policy, visit.now)
    basis = _basis(visit)
    assumed = with_team(visit.policy, form.sellers, form.hours)
    outlook = threshold_outlook(visit.warehouse, assumed, basis, visit.now)
    bands = threshold_limits(visit.policy, basis)
    rows = _ladder(wording, outlook) if outlook else []
    return render(
        visit,
        "thresholds.html",
        menu_entry="thresholds",
        form=form,
        report=report,
        basis=basis,
        bands=bands,
        outlook=outlook,
        rows=rows,
        has_sellers=bool(visit.policy.capacity.sellers),
    )


def _ladder(wording: Wording, outlook: Outlook) -> list[tuple[bool, bool, tuple[str, ...]]]:
    """Whether a threshold is today's, whether it fits, and its figures."""
    rows: list[tuple[bool, bool, tuple[str, ...]]] = []
    for row in outlook.rungs:
        if row.threshold % STEP == 0 or row.threshold in (outlook.today, outlook.wanted):
            figures = (
                wording.number(row.threshold),
                wording.number(row.calls, 1),
                wording.number(row.hours, 1),
                _estimate(wording, row.wins),
                _estimate(wording, row.hour),
            )
            rows.append((row.threshold == outlook.today, row.threshold == outlook.wanted, figures))
    return rows


def hold(visit: Visit, form: HoldForm) -> Answer:
    """Hold a threshold."""
    if form.hot is None:
        raise InputError(Message("refusal.hold.empty"), field="hot")
    _hold(visit, form, form.hot)
    return redirect("/thresholds", "held")


def release(visit: Visit, form: HoldForm) -> Answer:
    """Let the threshold follow the sellers' time again."""
    _hold(visit, form, None)
    return redirect("/thresholds", "freed")


def _hold(visit: Visit, form: HoldForm, hot: int | None) -> None:
    from leadwerk.pipeline.thresholds import manual_hold

    request = manual_hold.HoldRequest(
        basis=form.basis,
        hot=hot,
        author=visit.name,
        reason=form.reason or "",
        until=form.until,
        seller_pool=form.seller_pool,
    )
    manual_hold.hold(visit.warehouse, visit.policy, request, visit.now)
    forget()


def _basis(visit: Visit) -> Basis:
    """What ranks leads today: the model where one serves and the policy lets it, else points."""
    from leadwerk.pipeline import wiring

    by_model = wiring.registry(visit.config).champion() is not None and visit.policy.decision.rank_by != "points"
    return "model" if by_model else "points"


def _estimate(wording: Wording, estimate: OutlookEstimate | None) -> str:
    """An estimate with its interval, where it has one."""
    if estimate is None:
        return "–"
    figure = wording.number(estimate.value, 2)
    if estimate.low is None or estimate.high is None:
        return figure
    return f"{figure} ({wording.number(estimate.low, 2)} … {wording.number(estimate.high, 2)})"
