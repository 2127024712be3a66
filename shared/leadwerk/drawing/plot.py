"""A plot: a frame with two linear scales, on which marks are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

Point = tuple[float, float]
Span = tuple[float, float]
# Characters. A longer label at an end of the axis would leave the chart.
SHORT = 5


class Plot:
    """Collects marks in the units of its two scales; `label` is what a screen reader reads."""

    def __init__(self, size: tuple[int, int], x: Span, y: Span, label: str, *, left: int = 44) -> None:
        self.width, self.height = size
        self.left, self.right, self.top, self.bottom = left, self.width - 14, 12, self.height - 30
        self.x_span, self.y_span, self.label = x, y, label
        self.marks: list[str] = []

    def x(self, value: float) -> float:
        """Horizontal place of a value, in pixels.

        >>> Plot((158, 100), (0, 10), (0, 1), "").x(5)
        94.0
        """
        return _place(value, self.x_span, self.left, self.right)

    def y(self, value: float) -> float:
        """Vertical place of a value, in pixels; it grows upwards."""
        return _place(value, self.y_span, self.bottom, self.top)

    def line(self, start: Point, end: Point, kind: str) -> Plot:
        """A line between two points of the scales."""
        (x1, y1), (x2, y2) = start, end
        ends = f'x1="{px(self.x(x1))}" y1="{px(self.y(y1))}" x2="{px(self.x(x2))}" y2="{px(self.y(y2))}"'
        return self._add(f'<line class="{kind}" {ends}/>')

    def area(self, x: Span, y: Span, kind: str) -> Plot:
        """A rectangle between two values of each scale."""
        left, right, top, bottom = self.x(x[0]), self.x(x[1]), self.y(y[1]), self.y(y[0])
        box = f'x="{px(left)}" y="{px(top)}" width="{px(max(right - left, 0))}" height="{px(max(bottom - top, 0))}"'
        return self._add(f'<rect class="{kind}" {box}/>')

    def dot(self, at: Point, kind: str, title: str = "") -> Plot:
        """A dot; `title` is read out and shown on hover."""
        inner = f"<title>{escape(title)}</title>" if title else ""
        return self._add(
            f'<circle class="{kind}" cx="{px(self.x(at[0]))}" cy="{px(self.y(at[1]))}" r="5">{inner}</circle>'
        )

    def path(self, points: Sequence[Point], kind: str, *, step: bool = False) -> Plot:
        """A line through points, in steps where a value holds until the next one."""
        if not points:
            return self
        first, *further_points = [(px(self.x(x)), px(self.y(y))) for x, y in points]
        moves = [f"M{first[0]} {first[1]}"]
        moves += [f"H{x}V{y}" if step else f"L{x} {y}" for x, y in further_points]
        return self._add(f'<path class="{kind}" d="{"".join(moves)}"/>')

    def band(self, upper: Sequence[Point], lower: Sequence[Point], kind: str) -> Plot:
        """The area between two lines."""
        corners = [(px(self.x(x)), px(self.y(y))) for x, y in (*upper, *reversed(lower))]
        outline = "L".join(f"{x} {y}" for x, y in corners)
        return self._add(f'<path class="{kind}" d="M{outline}Z"/>') if corners else self

    def text(self, at: Point, label: str, kind: str = "tick", *, anchor: str = "middle", dy: float = 0) -> Plot:
        """Words at a point of the scales, `dy` pixels below it."""
        place = f'x="{px(self.x(at[0]))}" y="{px(self.y(at[1]) + dy)}"'
        return self._add(f'<text class="{kind}" {place} text-anchor="{anchor}">{escape(label)}</text>')

    def mark(self, x: float, label: str, title: str) -> Plot:
        """Something that happened at `x`: a line from bottom to top, a short label above it; `title` on hover."""
        low, high = self.y_span
        self._add(f"<g><title>{escape(title)}</title>").line((x, low), (x, high), "event")
        return self.text((x, high), label, "lab", dy=-3)._add("</g>")

    def y_axis(self, ticks: Iterable[float], label: Callable[[float], str]) -> Plot:
        """Grid lines with their values to the left."""
        for tick in ticks:
            self.line((self.x_span[0], tick), (self.x_span[1], tick), "grid")
            place = f'x="{self.left - 8}" y="{px(self.y(tick) + 4)}"'
            self._add(f'<text class="tick" {place} text-anchor="end">{escape(label(tick))}</text>')
        return self

    def x_axis(self, ticks: Iterable[float], label: Callable[[float], str]) -> Plot:
        """The base line with values below."""
        for tick in ticks:
            text = label(tick)
            at_end = len(text) > SHORT and {self.x_span[0]: "start", self.x_span[1]: "end"}.get(tick)
            self.text((tick, self.y_span[0]), text, anchor=at_end or "middle", dy=18)
        return self.line((self.x_span[0], self.y_span[0]), (self.x_span[1], self.y_span[0]), "axis")

    def svg(self, kind: str) -> str:
        """The chart: `kind` w for wide pages, n for narrow ones."""
        box = f'viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(self.label, quote=True)}"'
        return f'<svg class="chart {kind}" {box}>{"".join(self.marks)}</svg>'

    def _add(self, mark: str) -> Plot:
        self.marks.append(mark)
        return self


def twice(draw: Callable[[tuple[int, int], str], Plot], height: int = 240) -> str:
    """A chart for wide pages and the same for narrow ones: text that is scaled down is unreadable.

    The narrow one is hidden from screen readers, which would read both.
    """
    wide, narrow = draw((560, height), "w").svg("w"), draw((350, height), "n").svg("n")
    return wide + narrow


def charts_css() -> str:
    """The style sheet of charts, for a page that gives the colours as --accent, --hot, --hot-soft, --line and so on."""
    return (Path(__file__).parent / "charts.css").read_text("utf-8")


def ticks_of(most: float, count: int = 4) -> list[float]:
    """Round ticks from 0 up to at least `most`.

    >>> ticks_of(0.37), ticks_of(43)
    ([0.0, 0.1, 0.2, 0.30000000000000004, 0.4], [0, 20, 40, 60])
    """
    if most <= 0:
        return [0, 1]
    step = 10.0 ** len(str(int(most))) / 10 if most >= 1 else 0.1
    for candidate in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000):
        if most / candidate <= count:
            step = candidate
            break
    ticks = [0.0 if step < 1 else 0]
    while ticks[-1] < most:
        ticks.append(step * len(ticks))
    return ticks


def px(value: float) -> str:
    """A number of pixels, short.

    >>> px(12.04), px(3.0)
    ('12', '3')
    """
    return f"{value:.1f}".rstrip("0").rstrip(".") or "0"


def _place(value: float, span: Span, start: float, end: float) -> float:
    low, high = span
    # A scale of a single value has no width, and must not divide by zero.
    return start + (value - low) / ((high - low) or 1) * (end - start)
