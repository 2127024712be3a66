"""What `leadwerk thresholds` shows, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table

from leadwerk.cli.console import table
from leadwerk.report.formatter import Formatter
from leadwerk.report.threshold_outlook_chart import ChartLabels

if TYPE_CHECKING:
    from leadwerk.catalogue.languages import Language
    from leadwerk.pipeline.thresholds.daily import ThresholdDecision, ThresholdHold, ThresholdReport
    from leadwerk.policy.model import Policy
    from leadwerk.report.threshold_outlook_table import Outlook, OutlookEstimate, OutlookRow

WEEKS_A_YEAR = 52


def formatter(policy: Policy, language: Language | None) -> Formatter:
    """The formatter of a language, None: of the policy's first."""
    return Formatter(language or policy.languages[0], policy)


def parts(
    report: ThresholdReport,
    outlook: Outlook | None,
    formatter: Formatter,
    policy: Policy,
    *,
    thought_of: bool,
    decided: bool,
) -> Iterator[RenderableType]:
    """Tables and sentences, first to last; `thought_of`: the ladder is of a team that is not the policy's.

    `decided`: it was asked to decide before showing.
    """
    if report.thresholds:
        yield _today(report, formatter)
    elif not policy.capacity.sellers:
        yield formatter.say("threshold.no_sellers", points=policy.points.bands.hot, model=policy.bands.hot)
    else:
        yield formatter.say("threshold.unknown" if decided else "threshold.not_decided")
    yield from (_hold(hold, formatter) for hold in report.holds)
    if report.unserved_per_week:
        yield formatter.say("threshold.unserved", leads=formatter.decimal(report.unserved_per_week, 1))
    if outlook is None:
        return
    yield _ladder(outlook, formatter)
    yield formatter.say(f"threshold.by_{outlook.source}", **_leads(outlook, formatter))
    if thought_of or outlook.wanted != outlook.today:
        yield formatter.say("threshold.would_fit", hours=formatter.decimal(outlook.hours, 1), wanted=outlook.wanted)
    lowest = outlook.rungs[0]
    if outlook.hours > lowest.hours and all(
        seller_pool <= lowest.threshold for seller_pool in outlook.seller_pools.values()
    ):
        needed, hours = formatter.decimal(lowest.hours, 1), formatter.decimal(outlook.hours, 1)
        yield formatter.say("threshold.time_left", lowest=lowest.threshold, needed=needed, hours=hours)
    elif outlook.one_more_hour:
        yield formatter.say(
            "threshold.hour_sentence", wins=_estimate(outlook.one_more_hour.times(WEEKS_A_YEAR), formatter, 1)
        )


def chart_labels(outlook: Outlook, formatter: Formatter) -> ChartLabels:
    """The labels of the picture."""
    return ChartLabels(
        hours=formatter.say("threshold.hours"),
        wins=formatter.say("threshold.wins"),
        calls=formatter.say("threshold.calls"),
        team=formatter.say("threshold.team"),
        today=f"{formatter.say('threshold.today')}, {formatter.say('threshold.hot')} {outlook.today}",
    )


def _leads(outlook: Outlook, formatter: Formatter) -> dict[str, str]:
    return {} if outlook.source == "chances" else {"leads": formatter.count(outlook.past_leads)}


def _today(report: ThresholdReport, formatter: Formatter) -> Table | Group:
    names = ("segment", "basis", "hot", "wanted", "calls", "room", "why")
    header = [formatter.say(f"threshold.{name}") for name in names]
    title = formatter.say("threshold.title", day=report.day.isoformat())
    return table(title, header, [_line(line, formatter) for line in report.thresholds])


def _line(line: ThresholdDecision, formatter: Formatter) -> tuple[str, ...]:
    moved = "" if line.before is None or line.before == line.hot else f" ({line.before})"
    return (
        line.seller_pool or formatter.say("threshold.everybody"),
        formatter.say(f"threshold.{line.basis}"),
        f"{line.hot}{moved}",
        str(line.wanted),
        formatter.decimal(line.calls_per_week, 1),
        formatter.decimal(line.capacity_per_week, 1),
        formatter.say(f"threshold.why.{line.reason}"),
    )


def _hold(hold: ThresholdHold, formatter: Formatter) -> str:
    end = formatter.say("threshold.until", day=hold.until) if hold.until else formatter.say("threshold.until_ended")
    who = hold.seller_pool or formatter.say("threshold.everybody")
    return formatter.say("threshold.held", who=who, author=hold.author, hot=hold.hot, until=end, why=hold.reason)


def _ladder(outlook: Outlook, formatter: Formatter) -> Table | Group:
    header = [formatter.say(f"threshold.{name}") for name in ("hot", "calls", "hours", "wins", "hour")]
    rows = [_rung(rung, outlook, formatter) for rung in outlook.rungs]
    return table(formatter.say("threshold.ladder"), header, rows)


def _rung(rung: OutlookRow, outlook: Outlook, formatter: Formatter) -> tuple[str, ...]:
    mark = f" ◂ {formatter.say('threshold.today')}" if rung.threshold == outlook.today else ""
    return (
        f"{rung.threshold}{mark}",
        formatter.decimal(rung.calls, 1),
        formatter.decimal(rung.hours, 1),
        _estimate(rung.wins, formatter, 2),
        _estimate(rung.hour, formatter, 3),
    )


def _estimate(estimate: OutlookEstimate | None, formatter: Formatter, decimals: int) -> str:
    if estimate is None:
        return ""
    value = formatter.decimal(estimate.value, decimals)
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({formatter.decimal(estimate.low, decimals)}–{formatter.decimal(estimate.high, decimals)})"
