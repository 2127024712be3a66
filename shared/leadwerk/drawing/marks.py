"""Small marks inside text and tables: a score's meter, a reason's bar, an interval of a forest plot."""

from __future__ import annotations

from leadwerk.drawing.plot import px

# Percent. Even a small reason must be visible.
LEAST_BAR = 2.0


def meter(score: float, hot: float, cluster: str, width: int = 60) -> str:
    """A score on 0–100 with a tick where HOT starts; decorative, because the number stands beside it."""
    full, tick = width * min(max(score, 0), 100) / 100, width * hot / 100
    return (
        f'<svg class="meter {cluster.lower()}" viewBox="0 0 {width} 10" width="{width}" height="10" aria-hidden="true">'
        f'<rect class="track" y="3" width="{width}" height="4" rx="2"/>'
        f'<rect class="fill" y="3" width="{px(full)}" height="4" rx="2"/>'
        f'<line class="hotline" x1="{px(tick)}" x2="{px(tick)}" y1="0" y2="10"/></svg>'
    )


def bar(value: float, most: float, side: str) -> str:
    """How strongly a reason counts; all bars of a list, and of all leads, share one scale."""
    length = min(100.0, max(LEAST_BAR, 100 * abs(value) / most))
    return (
        '<svg class="arm" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{side}" width="{px(length)}" height="8"/></svg>'
    )


def interval(rate: float, low: float, high: float, *, mean: float, most: float) -> str:
    """One row of a forest plot: a rate with its interval beside the mean of all; rows share the scale 0 … `most`."""

    def at(value: float) -> float:
        return 200 * min(value, most) / most

    return (
        '<svg class="forest" viewBox="0 0 200 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<line class="mean" x1="{px(at(mean))}" x2="{px(at(mean))}" y1="0" y2="20"/>'
        f'<line class="whisker" x1="{px(at(low))}" x2="{px(at(high))}" y1="10" y2="10"/>'
        f'<rect class="point" x="{px(at(rate) - 3)}" y="6" width="6" height="8" rx="2"/></svg>'
    )
