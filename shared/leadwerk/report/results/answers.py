"""Answers of the results page: sentences computed from the figures, which say so where it may be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadwerk.report.results.band_outcomes import BandOutcome
from leadwerk.report.results.outcome_counts import Totals
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import Z, wilson

# With fewer certain outcomes, a sentence would report noise.
LEAST = 30
BONFERRONI = 0.05
RECENT_WEEKS = 4


def scores_answer(wording: Wording, bands: Mapping[int, BandOutcome], hot: int) -> str:
    """Do high scores become contracts? Compares HOT with the rest by their intervals."""
    high = [outcome for start, outcome in bands.items() if start >= hot]
    low = [outcome for start, outcome in bands.items() if start < hot]
    top = BandOutcome(sum(band.leads for band in high), sum(band.won for band in high))
    rest = BandOutcome(sum(band.leads for band in low), sum(band.won for band in low))
    if min(top.leads, rest.leads) < LEAST:
        return wording.say("page.answer.few", count=top.leads + rest.leads)
    rates = top.won / top.leads, rest.won / rest.leads
    figures = {"top": wording.percent(rates[0], 1), "rest": wording.percent(rates[1], 1), "hot": hot}
    (low_top, high_top), (low_rest, high_rest) = wilson(rates[0], top.leads), wilson(rates[1], rest.leads)
    if low_top > high_rest:
        return wording.say("page.answer.scores.yes", **figures)
    if high_top < low_rest:
        return wording.say("page.answer.scores.no", **figures)
    return wording.say("page.answer.scores.chance", **figures)


def speed_answer(wording: Wording, median: int | None, slowest: int | None, contacted: float) -> str:
    """How fast do we call? The median and the slowest tenth: a mean would hide the tail."""
    if median is None:
        return wording.say("page.answer.speed.few", share=wording.percent(contacted))
    if slowest is None:
        return wording.say("page.answer.speed.open", median=wording.number(median), share=wording.percent(contacted))
    longest = wording.say("page.hours", hours=wording.number(slowest))
    return wording.say("page.answer.speed", median=wording.number(median), slowest=longest)


def market_answer(wording: Wording, weeks: Sequence[Totals]) -> str:
    """Is the market the same? The newest certain weeks against those before, by their intervals."""
    certain = [week for week in weeks if week.certain]
    recent, before = certain[-RECENT_WEEKS:], certain[:-RECENT_WEEKS]
    new = (sum(week.certain for week in recent), sum(week.won for week in recent))
    old = (sum(week.certain for week in before), sum(week.won for week in before))
    if min(new[0], old[0]) < LEAST:
        return wording.say("page.answer.few", count=new[0] + old[0])
    figures = {"new": wording.percent(new[1] / new[0], 1), "old": wording.percent(old[1] / old[0], 1)}
    (low_new, high_new), (low_old, high_old) = wilson(new[1] / new[0], new[0]), wilson(old[1] / old[0], old[0])
    if low_new > high_old:
        return wording.say("page.answer.market.up", **figures)
    if high_new < low_old:
        return wording.say("page.answer.market.down", **figures)
    return wording.say("page.answer.market.same", **figures)


def segments_answer(wording: Wording, segments: Mapping[str, Totals], mean: float | None) -> str:
    """Which segments differ? Corrected for how many are compared: one of twenty differs by chance."""
    compared = {name: segment for name, segment in segments.items() if segment.certain >= LEAST}
    if mean is None or not compared:
        return wording.say("page.answer.few", count=sum(segment.certain for segment in segments.values()))
    z = z_of_many(len(compared))
    above, below = [], []
    for name, segment in compared.items():
        low, high = wilson(segment.won / segment.certain, segment.certain, z)
        if low > mean:
            above.append(name)
        elif high < mean:
            below.append(name)
    if not above and not below:
        return wording.say("page.answer.segments.chance", count=len(compared))
    parts = [wording.say("page.answer.segments.above", names=", ".join(above))] if above else []
    parts += [wording.say("page.answer.segments.below", names=", ".join(below))] if below else []
    return " ".join(parts)


def order_answer(wording: Wording, gains: Sequence[tuple[float, float]]) -> str:
    """What does the order save? The share of contracts in the best fifth of the leads."""
    won_share = next((won for called, won in gains if called >= 0.2), None)
    return (
        wording.say("page.answer.few", count=0)
        if won_share is None
        else wording.say("page.answer.order", reached=wording.percent(won_share))
    )


def z_of_many(count: int) -> float:
    """Normal quantile of a 95 % interval that holds for all of `count` comparisons (Bonferroni).

    >>> round(z_of_many(1), 2), round(z_of_many(20), 2)
    (1.96, 3.02)
    """
    if count <= 1:
        return Z
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - BONFERRONI / (2 * count))
