"""Charts of the results page; each is drawn twice, and stands beside a table of the same figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from leadwerk.drawing.plot import Plot, ticks_of, twice
from leadwerk.report.results.band_outcomes import BAND, BandOutcome
from leadwerk.report.results.outcome_counts import Totals
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson


def bands_chart(wording: Wording, bands: Mapping[int, BandOutcome], hot: int, label: str) -> str:
    """Dot and whisker for each band of ten points: bars would hide the uncertainty of 8 of 43."""
    points = {start + BAND / 2: (band.won / band.leads, *wilson(band.won / band.leads, band.leads), band.leads)
              for start, band in bands.items() if band.leads}  # fmt: skip
    ticks = ticks_of(max((high for _, _, high, _ in points.values()), default=1.0))

    def draw(size: tuple[int, int], _: str) -> Plot:
        plot = Plot(size, (0, 100), (0, ticks[-1]), label).area((hot, 100), (0, ticks[-1]), "hotzone")
        plot.y_axis(ticks, lambda value: wording.percent(value))
        plot.x_axis((0, 20, 40, 60, 80, 100), lambda value: wording.number(value))
        for x, (rate, low, high, leads) in points.items():
            plot.line((x, low), (x, high), "whisker")
            plot.dot((x, rate), "p", f"{wording.percent(rate)}, n = {wording.number(leads)}")
        return plot

    return twice(draw)


def waits_chart(wording: Wording, waits: Sequence[tuple[int, float]], label: str) -> str:
    """Share of the leads contacted by hours since creation, on a logarithmic scale."""
    line = [(math.log2(hours), share) for hours, share in waits]

    def draw(size: tuple[int, int], _: str) -> Plot:
        plot = Plot(size, (0, max(line[-1][0], 1)), (0, 1), label)
        plot.y_axis((0, 0.5, 0.9, 1), lambda value: wording.percent(value))
        plot.x_axis(
            range(0, int(line[-1][0]) + 1, 2), lambda value: wording.say("page.hours", hours=wording.number(2**value))
        )
        return plot.path(line, "main")

    return twice(draw) if line else ""


def gains_chart(wording: Wording, gains: Sequence[tuple[float, float]], label: str) -> str:
    """Share of the contracts by share of the leads called, best first; the diagonal is calling at random."""

    def draw(size: tuple[int, int], _: str) -> Plot:
        plot = Plot(size, (0, 1), (0, 1), label)
        plot.y_axis((0, 0.5, 1), lambda value: wording.percent(value))
        plot.x_axis((0, 0.2, 0.5, 1), lambda value: wording.percent(value))
        return plot.line((0, 0), (1, 1), "event").path([(0.0, 0.0), *gains], "main")

    return twice(draw) if gains else ""


def weeks_chart(
    wording: Wording, weeks: Sequence[Totals], days: Sequence[str], label: str, marks: Mapping[int, tuple[str, str]]
) -> str:
    """Conversion by week of enquiry with its interval; weeks that are not certain yet have none.

    `marks`: letters and words of the weeks in which models or rules changed.
    """
    intervals = [
        (place, week.rate, *wilson(week.rate, week.certain))
        for place, week in enumerate(weeks)
        if week.rate is not None
    ]
    most = max((high for _, _, _, high in intervals), default=1.0)
    ticks = ticks_of(min(most, 2 * max((rate for _, rate, _, _ in intervals), default=0.5) or 0.1))

    def draw(size: tuple[int, int], _: str) -> Plot:
        last = max(len(weeks) - 1, 1)
        plot = Plot(size, (0, last), (0, ticks[-1]), label)
        if intervals and intervals[-1][0] < last:
            plot.area((intervals[-1][0], last), (0, ticks[-1]), "veil")
        plot.y_axis(ticks, lambda value: wording.percent(value))
        plot.x_axis((0, last), lambda place: days[int(place)] if int(place) < len(days) else "")
        upper = [(float(place), min(high, ticks[-1])) for place, _, _, high in intervals]
        plot.band(upper, [(float(place), low) for place, _, low, _ in intervals], "area")
        for place, (letters, label_text) in marks.items():
            plot.mark(place, letters, label_text)
        return plot.path([(float(place), rate) for place, rate, _, _ in intervals], "main")

    return twice(draw) if intervals else ""


def ladder_chart(wording: Wording, rungs: Sequence[tuple[int, float]], room: float, today: int, label: str) -> str:
    """Leads a week by threshold, and the line of what the team has time for: the crossing is the answer."""
    ticks = ticks_of(max([calls for _, calls in rungs] + [room]))
    span = (float(rungs[0][0]), float(rungs[-1][0]))

    def draw(size: tuple[int, int], _: str) -> Plot:
        plot = Plot(size, span, (0, ticks[-1]), label)
        plot.y_axis(ticks, lambda value: wording.number(value))
        plot.x_axis((span[0], today, span[1]), lambda value: wording.number(value))
        if room:
            plot.line((span[0], room), (span[1], room), "event")
        plot.path([(float(threshold), calls) for threshold, calls in rungs], "main")
        calls = next((calls for threshold, calls in rungs if threshold == today), None)
        return plot if calls is None else plot.dot((today, calls), "p", wording.say("page.ladder.today"))

    return twice(draw)
