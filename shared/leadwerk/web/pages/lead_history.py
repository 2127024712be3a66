"""What happened to a lead, in words, and how its score went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from leadwerk.drawing.plot import Plot, twice
from leadwerk.pipeline.desk.lead_detail import LeadEvent
from leadwerk.report.wording import Wording
from leadwerk.texts import duration, has
from leadwerk.texts.facts import label

# Nobody looks through more events.
MOST = 40
# A line needs two points.
LEAST_SCORES = 2


@dataclass(frozen=True)
class EventView:
    """An event: when, what kind, in words."""

    at: str
    iso: str
    kind: str
    text: str


def event_views(wording: Wording, events: Sequence[LeadEvent]) -> list[EventView]:
    """The newest events first."""
    return [
        EventView(
            at=wording.moment(event.happened_at),
            iso=event.happened_at.isoformat(),
            kind=event.kind.partition(".")[0],
            text=_text(wording, event),
        )
        for event in reversed(events[-MOST:])
    ]


def _text(wording: Wording, event: LeadEvent) -> str:
    say = wording.say
    match event.kind:
        case "score":
            value = event.value if event.value is not None else event.third_value
            if value is None:
                return say("page.event.no_score", cluster=wording.cluster(event.subject or ""))
            cluster = wording.cluster(event.subject or "")
            sentence = say("page.event.score", score=wording.number(value), cluster=cluster)
            return f"{sentence}, {say('page.event.by', author=event.detail)}" if event.detail else sentence
        case "status":
            sentence = say("page.event.status", status=event.subject)
            return f"{sentence} ({event.detail})" if event.detail else sentence
        case "pick.picked" | "pick.released" | "pick.expired":
            return say(f"page.event.{event.kind}", seller=event.subject)
        case "override":
            if not event.event_id:
                return say("page.event.override.end", author=event.subject)
            return say(
                "page.event.override",
                author=event.subject,
                cluster=wording.cluster(event.event_id),
                reason=event.detail,
            )
        case "verdict":
            return _verdict(wording, event)
        case "same_person":
            return say("history.same_person", lead=event.subject)
        case "touchpoint":
            return _touchpoint(wording, event.subject or "")
        case _:
            time = duration(wording.language, event.second_value or 0)
            return say("page.event.visit", count=round(event.value or 0), duration=time)


def _verdict(wording: Wording, event: LeadEvent) -> str:
    opinion = wording.say(f"page.verdict.{event.event_id}") if event.event_id else ""
    contact = wording.say("page.reached.yes" if event.value else "page.reached.no")
    parts = [part for part in (opinion, contact, event.detail) if part]
    return f"{event.subject}: {', '.join(parts)}"


def _touchpoint(wording: Wording, kind: str) -> str:
    signal = next((signal for signal in wording.policy.signals if signal.touchpoint == kind), None)
    name = label(wording.policy, wording.language, signal.name) if signal else kind.replace("_", " ")
    return name[:1].upper() + name[1:]


def score_rows(wording: Wording, events: Sequence[LeadEvent]) -> list[tuple[str, str, str, str, str, str]]:
    """The stored scores as rows: when, score, chance, points, cluster, and where HOT started."""
    return [
        (
            wording.moment(event.happened_at),
            "" if event.value is None else wording.number(event.value),
            "" if event.second_value is None else wording.chance(event.second_value),
            "" if event.third_value is None else wording.points(event.third_value),
            wording.cluster(event.subject or "") if has(wording.language, f"page.cluster.{event.subject}") else "",
            "" if event.threshold is None else wording.number(event.threshold),
        )
        for event in reversed(events)
        if event.kind == "score"
    ]


def trend(wording: Wording, events: Sequence[LeadEvent]) -> str:
    """The scores as a line in steps, with the zone where HOT starts; nothing with one score alone."""
    scores = [event for event in events if event.kind == "score" and (event.value or event.third_value) is not None]
    if len(scores) < LEAST_SCORES:
        return ""
    start = scores[0].happened_at

    def days(event: LeadEvent) -> float:
        return (event.happened_at - start) / timedelta(days=1)

    line = [(days(event), event.value if event.value is not None else event.third_value or 0.0) for event in scores]
    end = max((wording.now - start) / timedelta(days=1), line[-1][0] + 0.1)
    hot = scores[-1].threshold or wording.policy.bands.hot
    sentence = wording.say("page.trend", first=wording.number(line[0][1]), last=wording.number(line[-1][1]))
    contacts = [days(event) for event in events if event.kind == "status" and event.happened_at >= start]

    def draw(size: tuple[int, int], _: str) -> Plot:
        plot = Plot(size, (0, end), (0, 100), sentence)
        plot.area((0, end), (hot, 100), "zone").y_axis((0, 50, 100), lambda value: wording.number(value))
        for day in contacts:
            plot.line((day, 0), (day, 100), "event")
        plot.x_axis((0, end), lambda value: wording.day(start + timedelta(days=value)))
        return plot.path([*line, (end, line[-1][1])], "l", step=True)

    return twice(draw, 180)
