"""Money among the results: what a win costs with and without scores, and what each channel brings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadwerk.experiment.effect import IntervalEstimate
    from leadwerk.report.money_figures import CostOfWin, GroupReturn, MoneyFigures
    from leadwerk.report.wording import Wording

NOTHING = "–"
Cells = tuple[str, ...]


@dataclass(frozen=True)
class MoneyView:
    """A question about money: its answer, and its table."""

    name: str
    answer: str
    head: Cells
    rows: Sequence[Cells]


def money_views(wording: Wording, figures: MoneyFigures) -> list[MoneyView]:
    """The questions of which something is known."""
    if not figures.won:
        return []
    figure_head = tuple(wording.say(f"page.money.{name}") for name in ("figure", "value", "interval"))
    names = ("group", "leads", "won", "revenue", "cost", "return")
    return_head = tuple(wording.say(f"page.money.{name}") for name in names)
    return [
        MoneyView("money", cost_answer(wording, figures.cost_of_win), figure_head, list(_figures(wording, figures))),
        MoneyView(
            "returns",
            returns_answer(wording, figures.returns),
            return_head,
            [_return_cells(wording, row) for row in figures.returns],
        ),
    ]


def cost_answer(wording: Wording, cost: CostOfWin | None) -> str:
    """Is a win cheaper when HOT leads alone are worked? By the intervals of both costs."""
    if cost is None:
        return wording.say("page.money.unknown")
    figures = {
        "hot": wording.money(cost.hot_only.value) if isfinite(cost.hot_only.value) else NOTHING,
        "everybody": wording.money(cost.everybody.value),
        "lost": wording.percent(cost.lost_wins.value),
    }
    if cost.hot_only.high < cost.everybody.low:
        return wording.say("page.money.cheaper", **figures)
    if cost.hot_only.low > cost.everybody.high:
        return wording.say("page.money.dearer", **figures)
    return wording.say("page.money.chance", **figures)


def returns_answer(wording: Wording, returns: Sequence[GroupReturn]) -> str:
    """Which channel brings most for its cost, among those with wins enough to say so."""
    comparable = [
        row for row in returns if row.kind == "channel" and row.return_on_cost is not None and not row.is_small
    ]
    if not comparable:
        return wording.say("page.money.no_return")
    best = max(comparable, key=lambda row: row.return_on_cost or 0.0)
    share = wording.percent(best.return_on_cost or 0.0)
    return wording.say("page.money.best", channel=_group(wording, best), share=share, count=len(comparable))


def _figures(wording: Wording, figures: MoneyFigures) -> Iterator[Cells]:
    cost, cycle = figures.cost_of_win, figures.sales_cycle
    if figures.calls_per_win is not None:
        yield _row(wording, "calls_per_win", figures.calls_per_win, amount=False)
    if cost is not None:
        yield _row(wording, "hot_only", cost.hot_only)
        yield _row(wording, "everybody", cost.everybody)
        low, high = (wording.percent(bound) for bound in (cost.lost_wins.low, cost.lost_wins.high))
        yield wording.say("page.money.lost"), wording.percent(cost.lost_wins.value), f"{low} … {high}"
    if cycle is not None:
        quarters = f"{wording.number(cycle.first_quarter)} … {wording.number(cycle.third_quarter)}"
        yield wording.say("page.money.cycle"), wording.number(cycle.median), quarters
    if figures.mean_contract is not None:
        yield wording.say("page.money.contract"), wording.money(figures.mean_contract), NOTHING
    if figures.lifetime_value is not None:
        yield _row(wording, "lifetime", figures.lifetime_value)


def _row(wording: Wording, name: str, estimate: IntervalEstimate, *, amount: bool = True) -> Cells:
    def figure(value: float) -> str:
        if not isfinite(value):
            return NOTHING
        return wording.money(value) if amount else wording.number(value, 1)

    interval = f"{figure(estimate.low)} … {figure(estimate.high)}"
    return wording.say(f"page.money.{name}"), figure(estimate.value), interval


def _return_cells(wording: Wording, row: GroupReturn) -> Cells:
    few = wording.say("page.money.few") if row.is_small else ""
    return (
        f"{wording.say(f'page.by.{row.kind}')}: {_group(wording, row)}",
        wording.number(row.leads),
        f"{wording.number(row.won)} {few}".strip(),
        wording.money(row.revenue),
        NOTHING if row.cost is None else wording.money(row.cost),
        NOTHING if row.return_on_cost is None else wording.percent(row.return_on_cost),
    )


def _group(wording: Wording, row: GroupReturn) -> str:
    return row.value or wording.say("page.segment.unknown")
